using FlexGen.Planning.Cost;

namespace FlexGen.Worker.Lengths;

/// <summary>Takes down how long prompts and outputs turn out to be, and keeps a sample of it for the next run's plan: at the end, and on the way.</summary>
internal sealed class LengthRecorder : IAsyncDisposable
{
    /// <summary>Of about how many of the last sequences the sample for the next run is, whichever runs had them.</summary>
    private const int Remembered = 4 * LengthSample.Room;

    private const int Seed = 14;
    private static readonly TimeSpan period = TimeSpan.FromMinutes(1);
    private readonly Lock adding = new();
    private readonly LengthStore store;
    private readonly LengthKey key;
    private readonly Action<string> warn;
    private readonly ITimer timer;
    private readonly LengthSample next;
    private readonly LengthSample ofThisRun = new(long.MaxValue, new(Seed));
    private long count;
    private long saved;
    private bool failed;

    /// <param name="store">Where they are kept.</param>
    /// <param name="key">What they are of.</param>
    /// <param name="earlier">What is kept there already.</param>
    /// <param name="warn">Told, once, that they cannot be kept.</param>
    /// <param name="time">When they are.</param>
    public LengthRecorder(LengthStore store, LengthKey key, IReadOnlyList<SequenceLengths> earlier, Action<string> warn, TimeProvider time)
    {
        (this.store, this.key, this.warn) = (store, key, warn);
        next = new(Remembered, new(Seed), earlier);
        timer = time.CreateTimer(_ => Save(), null, period, period);
    }

    /// <summary>What this run had, of which a sample is kept; null: nothing yet.</summary>
    public Workload? Had
    {
        get
        {
            lock (adding)
            {
                return count > 0 ? new(ofThisRun.Kept, count) : null;
            }
        }
    }

    /// <summary>A sequence has ended. Any thread may call.</summary>
    /// <param name="prompt">Tokens.</param>
    /// <param name="output">Tokens generated.</param>
    public void Add(int prompt, int output)
    {
        var lengths = new SequenceLengths(Math.Max(1, prompt), Math.Max(1, output));
        lock (adding)
        {
            next.Add(lengths);
            ofThisRun.Add(lengths);
            count++;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await timer.DisposeAsync();
        Save();
    }

    private void Save()
    {
        IReadOnlyList<SequenceLengths> lengths;
        lock (adding)
        {
            if (count == saved)
            {
                return;
            }

            (saved, lengths) = (count, next.Kept);
        }

        if (store.Save(key, lengths) is { } failure && !failed)
        {
            failed = true;
            warn($"The lengths of prompts and outputs cannot be kept for the next run's plan: {failure}");
        }
    }
}
