using FlexGen.Engine.Memory;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>
/// Seconds of what the compute device does, without what the processor takes to ask a GPU for it. Of many times it is the lower quartile, which is
/// nearer to what is typical than the best; but on a machine that others use, too, no more than a little above the best. A processor's own times differ
/// by a third from one call to the next, and a run takes their mean.
/// </summary>
/// <param name="device">The compute device.</param>
/// <param name="budget">Seconds that one figure may take.</param>
internal sealed class Timing(Device device, double budget)
{
    private const int Least = 3, MostRecorded = 256, MostBudgets = 20;

    /// <summary>Times that differ more from the best are of others' doing: of a GPU, and of a processor.</summary>
    private const double MostAboveBest = 1.1, MostAboveBestOnCpu = 1.6;

    /// <summary>What a GPU is given at once, so that the ends of its work do not count.</summary>
    private const double SecondsAtOnce = 0.002;

    /// <summary>Seconds of something that this thread does and waits for, for which it is called again and again with rising numbers.</summary>
    public double OnHost(Action<int> action)
    {
        var first = Elapsed(() => action(0));
        var (times, start) = (new List<double>(), TimeProvider.System.GetTimestamp());
        // Once more is all that what is far slower than expected gets.
        for (var n = 1; times.Count < (first > MostBudgets * budget ? 1 : Least) || TimeProvider.System.GetElapsedTime(start).TotalSeconds < budget; n++)
        {
            times.Add(Elapsed(() => action(n)));
        }

        return ComputeMemory.Gpu(device) is null ? Mean(times) : Typical(times);
    }

    /// <summary>Seconds of an operation on the compute device.</summary>
    /// <param name="operation">Called with rising numbers, by which it takes other memory each time; it must not wait for the device.</param>
    /// <param name="recorded">Whether a GPU is given many at once, recorded; otherwise each must take longer than to ask for it.</param>
    public double OnDevice(Action<int> operation, bool recorded = true)
    {
        if (ComputeMemory.Gpu(device) is not { } gpu)
        {
            return OnHost(operation);
        }

        operation(0);
        var count = Math.Clamp((int)(SecondsAtOnce / OfStream(() => operation(1))), 2, MostRecorded);
        if (!recorded)
        {
            return OnHostByStream(All) / count;
        }

        using var graph = CudaGraph.Capture(gpu, All);
        return OnHostByStream(graph.Launch) / count;

        void All()
        {
            for (var n = 0; n < count; n++)
            {
                operation(n);
            }
        }
    }

    /// <summary>The time that is taken for some that were measured.</summary>
    public static double Typical(List<double> times)
    {
        times.Sort();
        return Math.Min(times[(times.Count - 1) / 4], times[0] * MostAboveBest);
    }

    private static double Mean(List<double> times)
    {
        var most = times.Min() * MostAboveBestOnCpu;
        return times.Where(t => t <= most).Average();
    }

    private double OnHostByStream(Action launch)
    {
        var (times, start) = (new List<double>(), TimeProvider.System.GetTimestamp());
        while (times.Count < Least || TimeProvider.System.GetElapsedTime(start).TotalSeconds < budget)
        {
            times.Add(OfStream(launch));
        }

        return Typical(times);
    }

    /// <summary>Seconds that the compute stream takes for what it is given.</summary>
    private static double OfStream(Action work)
    {
        using CudaEvent begin = new(timed: true), end = new(timed: true);
        CudaStream.Current.Record(begin);
        work();
        CudaStream.Current.Record(end);
        end.Synchronize();
        return end.MillisecondsSince(begin) / 1e3;
    }

    private static double Elapsed(Action action)
    {
        var start = TimeProvider.System.GetTimestamp();
        action();
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}
