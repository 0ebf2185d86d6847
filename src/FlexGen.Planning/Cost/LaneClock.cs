using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Cost;

/// <summary>One direction of traffic, whose copies are made in order, and the buffers that take turns at its end.</summary>
/// <param name="buffers">How many.</param>
internal sealed class LaneClock(int buffers)
{
    private readonly double[] released = new double[buffers];
    private readonly Queue<double> stored = [];
    private int filling;
    private int inUse;

    /// <summary>When the last copy is done.</summary>
    public double Lane { get; set; }

    /// <summary>When a copy can begin.</summary>
    /// <param name="now">When it is asked for.</param>
    /// <param name="isNext">Whether it is the first into the next buffer.</param>
    public double Begin(double now, bool isNext)
    {
        if (isNext)
        {
            filling = (filling + 1) % released.Length;
        }

        return Math.Max(Math.Max(now, Lane), released[filling]);
    }

    /// <summary>The buffer that was filled before all others that are in use may be filled again from some time on.</summary>
    public void Release(double from)
    {
        inUse = (inUse + 1) % released.Length;
        released[inUse] = from;
    }

    /// <summary>When there is room for one more store: few are on their way at once.</summary>
    public double Oldest() => stored.Count < WorkspacePlan.MostStoring ? 0 : stored.Dequeue();

    /// <summary>Says when a store is home.</summary>
    public void Stored(double at) => stored.Enqueue(at);
}
