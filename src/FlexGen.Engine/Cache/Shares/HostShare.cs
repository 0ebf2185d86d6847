using FlexGen.Engine.Cache.Decoding;
using FlexGen.Engine.Memory;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>
/// Slots that decode by attention in host memory: their queries come there and the results go back, while the compute device does
/// something else.
/// </summary>
/// <param name="plan">The share.</param>
/// <param name="lanes">Whose threads attend.</param>
/// <param name="give">Has decoding rows brought to host memory.</param>
internal abstract class HostShare(CacheSharePlan plan, CacheLanes lanes, Func<ShareAttention, HostRows> give) : CacheShare(plan)
{
    private const string Track = "host attention";
    private int turn;

    public override void Attend(ShareAttention attention)
    {
        if (attention.Rows.Decodes.Count > 0)
        {
            Start(attention);
        }
    }

    public override void Finish(ShareAttention attention) => attention.OnHost?.Finish();

    /// <summary>Starts the attention of a pass with decoding rows.</summary>
    protected abstract void Start(ShareAttention attention);

    /// <summary>Starts the attention over slabs in host memory, to which the new keys and values are added.</summary>
    /// <param name="attention">Of what.</param>
    /// <param name="slabs">Where they are.</param>
    /// <param name="present">The copy after which they hold what went before; null: they do.</param>
    protected void Start(ShareAttention attention, (IntPtr Keys, IntPtr Values) slabs, Transfer? present)
    {
        var rows = give(attention);
        var decode = HostDecode.Work(attention, rows, slabs.Keys, slabs.Values);
        turn = (turn + 1) % lanes.Attention.Count;
        var transfer = lanes.Attention[turn].StartAfterCompute(
            copier =>
            {
                present?.WaitOnHost();
                var span = lanes.Trace?.Begin(Track, $"{Track} {attention.Layer},{attention.MicroBatch}");
                using var work = copier.Begin(Resource.HostAttention, HostDecode.BytesRead(attention));
                decode();
                if (span is not null)
                {
                    lanes.Trace!.End(span);
                }
            },
            (attention.Layer, attention.MicroBatch));
        attention.OnHost = new(transfer, rows);
    }
}
