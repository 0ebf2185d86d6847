using FlexGen.Engine.Batch;
using FlexGen.Engine.Tensors;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>
/// Prompts that one causal attention call computes together, right-padded to the longest. A real row sees only rows before it, so
/// the padding needs no mask.
/// </summary>
internal sealed class PrefillGroup : IDisposable
{
    private PrefillGroup(IReadOnlyList<RowLayout.Prefill> members, Device device)
    {
        (Count, Length) = (members.Count, members.Max(m => m.Length));
        FirstRow = members[0].FirstRow;
        if (Count > 1)
        {
            Gather = tensor([.. members.SelectMany(m => Enumerable.Range(0, Length).Select(r => (long)(m.FirstRow + Math.Min(r, m.Length - 1))))])
                .Upload(device);
            Rows = tensor([.. members.SelectMany(m => Enumerable.Range(m.FirstRow, m.Length).Select(r => (long)r))]).Upload(device);
            Padded = tensor([.. members.SelectMany((m, n) => Enumerable.Range(n * Length, m.Length).Select(r => (long)r))]).Upload(device);
        }
    }

    public int Count { get; }

    /// <summary>Rows of the longest prompt.</summary>
    public int Length { get; }

    public int FirstRow { get; }

    /// <summary>[count * length]: the row that each padded row is taken from; null when the group is one prompt.</summary>
    public Tensor? Gather { get; }

    /// <summary>[rows]: the rows of the members.</summary>
    public Tensor? Rows { get; }

    /// <summary>[rows]: their places among the padded rows.</summary>
    public Tensor? Padded { get; }

    /// <summary>Groups prompts of similar length, so that no more than a quarter of a group's rows is padding.</summary>
    /// <param name="prefills">The prompts.</param>
    /// <param name="device">Where the hidden states are.</param>
    /// <param name="alone">
    /// Every prompt by itself: on a CPU a call costs little, and a prompt's result must not depend on its neighbours' lengths.
    /// </param>
    public static List<PrefillGroup> Form(IReadOnlyList<RowLayout.Prefill> prefills, Device device, bool alone)
    {
        var groups = new List<PrefillGroup>();
        var members = new List<RowLayout.Prefill>();
        foreach (var prefill in prefills.OrderByDescending(p => p.Length))
        {
            if (members.Count > 0 && (alone || !WorkspacePlan.ArePadded(members[0].Length, prefill.Length)))
            {
                groups.Add(new(members, device));
                members = [];
            }

            members.Add(prefill);
        }

        if (members.Count > 0)
        {
            groups.Add(new(members, device));
        }

        return groups;
    }

    public void Dispose()
    {
        Gather?.Dispose();
        Rows?.Dispose();
        Padded?.Dispose();
    }
}
