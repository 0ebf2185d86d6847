using FlexGen.Engine.Hidden;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning.Hardware;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>What the compute devices of a host have in common: its memory, and the way from one GPU to the next.</summary>
/// <param name="scale">How much is measured.</param>
/// <param name="devices">All that a run may take. The first is the current one, of which the other figures are.</param>
/// <param name="links">That one's links.</param>
internal sealed class GroupMeasurement(ProfileScale scale, IReadOnlyList<Device> devices, LinkMeasurement links)
{
    private const long HandedBytes = 32 << 20;
    private const int HandOvers = 64, Rounds = 5;

    public DeviceGroup Measure()
    {
        var usual = DeviceGroup.Measured;
        var (seconds, rate) = devices.Count > 1 ? MeasureHandOvers() : (usual.HandOverSeconds, usual.HandOverRate);
        return new(devices.Count, seconds, rate, HostRate());
    }

    /// <summary>Bytes per second that all links bring while all threads read: what host memory gives at the most, or all that asks for it.</summary>
    private double HostRate()
    {
        if (ComputeMemory.Gpu(devices[0]) is not { } first)
        {
            return Traffic.Rate(scale.WindowSeconds, links.Reading());
        }

        var others = new List<LinkMeasurement>();
        try
        {
            foreach (var gpu in devices.Skip(1))
            {
                CudaDriver.Use(gpu.index);
                others.Add(new(scale, gpu));
            }

            return Traffic.Rates(scale.WindowSeconds, [links.Reading(), links.ToGpu(), .. others.Select(o => o.ToGpu())]).Sum();
        }
        finally
        {
            others.ForEach(o => o.Dispose());
            CudaDriver.Use(first);
        }
    }

    /// <summary>Seconds of a hand-over of next to nothing, and bytes per second of one of many bytes, from the first GPU to the second and back.</summary>
    private (double Seconds, double Rate) MeasureHandOvers()
    {
        var names = Devices.Names(devices)!;
        var tiers = devices.Take(2).Select((device, n) => new Tiers(device, "", name: names[n])).ToList();
        var streams = tiers.ConvertAll(t =>
        {
            t.Use();
            return new CudaStream();
        });
        try
        {
            using var handOver = new HandOver(tiers, streams, HandedBytes);
            var (few, many) = (Seconds(handOver, sizeof(short)), Seconds(handOver, HandedBytes));
            return (few, HandedBytes / Math.Max(many - few, 1e-9));
        }
        finally
        {
            tiers[0].Use();
            streams.ForEach(s => s.Dispose());
        }

        double Seconds(HandOver handOver, long bytes)
        {
            tiers[0].Use();
            var hidden = zeros(bytes / sizeof(short), ScalarType.Float16, devices[0]);
            var times = new List<double>();
            // The first round sets up what is first used.
            for (var round = 0; round <= Rounds; round++)
            {
                var start = TimeProvider.System.GetTimestamp();
                for (var n = 0; n < HandOvers; n++)
                {
                    var (from, to) = (n % 2, 1 - (n % 2));
                    handOver.Give(hidden, from, to);
                    tiers[to].Use();
                    hidden = handOver.Take(to)!;
                }

                using var done = new CudaEvent();
                CudaStream.Current.Record(done);
                done.Synchronize();
                times.Add(TimeProvider.System.GetElapsedTime(start).TotalSeconds / HandOvers);
            }

            hidden.Dispose();
            return Timing.Typical(times[1..]);
        }
    }
}
