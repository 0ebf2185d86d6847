using FlexGen.Engine.Tests.Support;
using FlexGen.Interop;
using FlexGen.Planning;
using TorchSharp;

namespace FlexGen.Engine.Tests;

[Collection(nameof(Alone))]
[Trait("Category", "Long")]
public class FlatMemoryTests(ITestOutputHelper output)
{
    private const int Rounds = 3;
    private const int SweepsOfARound = 70;
    private const long Tolerance = 64 << 20;
    private static readonly Placement host = new(0, 100), disk = new(0, 0), mixed = new(34, 33);

    public static TheoryData<string, string, Tier, bool> Cases => new()
    {
        { "opt-pre-ln", nameof(host), Tier.Gpu, true },
        { "opt-pre-ln", nameof(host), Tier.Host, true },
        { "llama-gqa-tied", nameof(disk), Tier.Gpu, true },
        { "qwen2", nameof(disk), Tier.Host, true },
        { "mistral", nameof(mixed), Tier.Gpu, true },
        { "qwen3", nameof(mixed), Tier.Host, true },
        { "qwen3", nameof(mixed), Tier.Host, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Hundreds_of_sweeps_leave_every_tier_as_they_found_it(string model, string place, Tier attention, bool overlap)
    {
        var placement = place switch { nameof(host) => host, nameof(disk) => disk, _ => mixed };
        var options = new EngineOptions
        {
            Device = "cpu",
            DataType = "float32",
            GpuBatchSize = 3,
            GpuBatchCount = 3,
            Weights = placement,
            Cache = placement,
            Hidden = placement,
            AttentionOnHost = attention == Tier.Host ? 100 : 0,
            Overlap = overlap,
            DiskDirectory = Path.GetTempPath(),
        };
        var before = (HostMemory.AllocatedBytes, DirectFile.ReservedBytes);
        using (var engine = OffloadEngine.Load(Reference.File(model), options))
        {
            var readings = new List<Reading>();
            for (var round = 0; round < Rounds; round++)
            {
                readings.Add(await RunRound(engine));
                output.WriteLine($"{readings[^1]}");
            }

            Assert.True(readings[^1].Sweeps >= Rounds * SweepsOfARound, $"{readings[^1].Sweeps} sweeps");
            // The first round compiles code and makes what is made once.
            foreach (var (earlier, later) in readings.Skip(1).Zip(readings.Skip(2)))
            {
                Assert.Equal((earlier.HostBytes, earlier.DiskBytes, earlier.Tensors), (later.HostBytes, later.DiskBytes, later.Tensors));
                Assert.True(later.ManagedBytes <= earlier.ManagedBytes * 1.1, $"a round allocated {earlier.ManagedBytes} bytes, a later one {later.ManagedBytes}");
                Assert.True(later.ProcessBytes <= earlier.ProcessBytes + Tolerance, $"the process had {earlier.ProcessBytes} bytes, and later {later.ProcessBytes}");
            }
        }

        Assert.Equal(before, (HostMemory.AllocatedBytes, DirectFile.ReservedBytes));
    }

    /// <summary>The same sequences of many lengths each time, some of them given up; at last one alone, in whose last sweep tensors are counted.</summary>
    private static async Task<Reading> RunRound(OffloadEngine engine)
    {
        var managed = GC.GetTotalAllocatedBytes(precise: true);
        using var cancellation = new CancellationTokenSource();
        var random = new Random(1);
        var running = Enumerable.Range(0, 54).Select(n => engine.GenerateAsync(
            new([.. Enumerable.Range(0, 1 + random.Next(16)).Select(_ => 3 + random.Next(40))], SamplingOptions.Greedy)
            {
                MaxNewTokens = 1 + random.Next(20),
                IgnoreEos = true,
                StopAfter = n == 20 ? _ => Cancel(cancellation) : null,
            },
            n % 9 == 8 ? cancellation.Token : CancellationToken.None)).ToList();
        await Task.WhenAll(running.Select(r => r.ContinueWith(_ => { }, TaskScheduler.Default)));
        Assert.DoesNotContain(running, r => r.IsFaulted);
        long tensors = 0;
        await engine.GenerateAsync(new([5, 6, 7], SamplingOptions.Greedy)
        {
            MaxNewTokens = 3,
            IgnoreEos = true,
            StopAfter = _ =>
            {
                // Called on the engine's thread, the only one that makes tensors.
                tensors = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
                return false;
            },
        });
        managed = GC.GetTotalAllocatedBytes(precise: true) - managed;
        GC.Collect();
        return new(engine.Statistics.Sweeps, HostMemory.AllocatedBytes, DirectFile.ReservedBytes, tensors, managed, Environment.WorkingSet);
    }

    private static bool Cancel(CancellationTokenSource cancellation)
    {
        cancellation.Cancel();
        return false;
    }

    /// <param name="Sweeps">So far.</param>
    /// <param name="HostBytes">Of our own allocations in host memory.</param>
    /// <param name="DiskBytes">Of scratch files.</param>
    /// <param name="Tensors">Made and not disposed, whether collected or not.</param>
    /// <param name="ManagedBytes">Allocated by the runtime in this round.</param>
    /// <param name="ProcessBytes">Resident.</param>
    private sealed record Reading(long Sweeps, long HostBytes, long DiskBytes, long Tensors, long ManagedBytes, long ProcessBytes);
}
