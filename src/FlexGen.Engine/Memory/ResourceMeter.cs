using FlexGen.Planning.Cost;

namespace FlexGen.Engine.Memory;

/// <summary>
/// Counts what resources do, as far as a thread of the host does it itself or waits for it. What several threads do at once with one resource counts
/// as one stretch of time.
/// </summary>
internal sealed class ResourceMeter
{
    private readonly Lock counting = new();
    private readonly Count[] counts = [.. Enum.GetValues<Resource>().Select(_ => new Count())];

    /// <summary>All so far, of resources that did anything.</summary>
    public IReadOnlyDictionary<Resource, ResourceWork> Work
    {
        get
        {
            lock (counting)
            {
                return Enum.GetValues<Resource>().Where(r => counts[(int)r].Bytes > 0)
                    .ToDictionary(r => r, r => new ResourceWork(counts[(int)r].Bytes, counts[(int)r].Busy));
            }
        }
    }

    /// <summary>A resource begins to move some bytes.</summary>
    /// <returns>To be disposed when it has.</returns>
    public Stretch Begin(Resource resource, long bytes)
    {
        var count = counts[(int)resource];
        lock (counting)
        {
            count.Start = count.AtWork++ == 0 ? TimeProvider.System.GetTimestamp() : count.Start;
        }

        return new(this, count, bytes);
    }

    private void End(Count count, long bytes)
    {
        lock (counting)
        {
            count.Bytes += bytes;
            count.Busy += --count.AtWork == 0 ? TimeProvider.System.GetElapsedTime(count.Start) : TimeSpan.Zero;
        }
    }

    /// <summary>A stretch of a resource's work.</summary>
    public readonly struct Stretch : IDisposable
    {
        private readonly ResourceMeter meter;
        private readonly Count count;
        private readonly long bytes;

        internal Stretch(ResourceMeter meter, Count count, long bytes) => (this.meter, this.count, this.bytes) = (meter, count, bytes);

        public void Dispose() => meter.End(count, bytes);
    }

    internal sealed class Count
    {
        public long Bytes { get; set; }

        public TimeSpan Busy { get; set; }

        public int AtWork { get; set; }

        public long Start { get; set; }
    }
}
