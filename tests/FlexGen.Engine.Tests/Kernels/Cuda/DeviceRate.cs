using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

/// <summary>How fast kernels move bytes, beside a copy on the device.</summary>
internal static class DeviceRate
{
    private const int Repeats = 20;

    /// <summary>Bytes per second that a copy reads and writes.</summary>
    public static double Copy()
    {
        using var scope = NewDisposeScope();
        var (from, to) = (zeros(1 << 28, ScalarType.Int32, CUDA), zeros(1 << 28, ScalarType.Int32, CUDA));
        return 2 * from.numel() * sizeof(int) / Seconds(_ => to.copy_(from));
    }

    /// <summary>Seconds of one of some calls that are recorded, so that issuing them does not count.</summary>
    public static double Recorded(Action call)
    {
        call();
        CudaDriver.Settle();
        using var graph = CudaGraph.Capture(0, () =>
        {
            for (var n = 0; n < Repeats; n++)
            {
                call();
            }
        });
        return Seconds(_ => graph.Launch()) / Repeats;
    }

    /// <summary>Seconds of a call, which is told how often it was made before.</summary>
    public static double Seconds(Action<int> call)
    {
        using var start = new CudaEvent(timed: true);
        using var end = new CudaEvent(timed: true);
        for (var n = 0; n < 3; n++)
        {
            call(n);
        }

        CudaStream.Current.Record(start);
        for (var n = 0; n < Repeats; n++)
        {
            call(n);
        }

        CudaStream.Current.Record(end);
        end.Synchronize();
        return end.MillisecondsSince(start) / 1000 / Repeats;
    }
}
