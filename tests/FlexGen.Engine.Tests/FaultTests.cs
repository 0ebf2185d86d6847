using FlexGen.Engine.Tests.Support;
using FlexGen.Interop;
using FlexGen.Planning;

namespace FlexGen.Engine.Tests;

[Collection(nameof(Alone))]
public class FaultTests
{
    private const string Model = "llama-gqa-tied";
    private static readonly Placement disk = new(0, 0);
    private static readonly EngineOptions resident = new() { Device = "cpu", DataType = "float32", GpuBatchSize = 3, GpuBatchCount = 2, MaxSequenceLength = 64 };

    private readonly (long, long) before = (HostMemory.AllocatedBytes, DirectFile.ReservedBytes);

    public static TheoryData<string, Tier, bool, string> Reads
    {
        get
        {
            var reads = new TheoryData<string, Tier, bool, string>();
            foreach (var device in new[] { "cpu", "cuda:0" })
            {
                reads.Add("weight loads", Tier.Gpu, true, device);
                reads.Add("weight loads", Tier.Gpu, false, device);
                reads.Add("cache loads", Tier.Gpu, true, device);
                reads.Add("cache loads", Tier.Host, true, device);
                reads.Add("cache stores", Tier.Gpu, true, device);
            }

            return reads;
        }
    }

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task A_read_that_fails_ends_every_sequence_with_its_name_and_leaves_nothing(string what, Tier attention, bool overlap, string device)
    {
        Assert.SkipUnless(device == "cpu" || TorchSharp.torch.cuda.is_available(), "no GPU");
        using var folder = new TemporaryFolder();
        var options = resident with
        {
            Device = device,
            DiskDirectory = folder.Path,
            Weights = what.StartsWith("weight", StringComparison.Ordinal) ? disk : Placement.AllGpu,
            Cache = what.StartsWith("cache", StringComparison.Ordinal) ? disk : Placement.AllGpu,
            AttentionOnHost = attention == Tier.Host ? 100 : 0,
            Overlap = overlap,
        };
        // Sequences of one token never read the cache; a store reads the sectors that it fills in part.
        var tokens = what == "cache stores" ? 1 : 50;
        await ExpectFailure(options, tokens, () => EmptyWhenStored(folder.Path), $"{what} failed: {folder.Path}");
    }

    [Fact]
    public async Task A_write_to_a_disk_that_has_become_full_ends_every_sequence_with_its_name()
    {
        using var small = SmallDisk.Mount(16);
        await ExpectFailure(resident with { DiskDirectory = small.Folder, Hidden = disk }, 50, () =>
        {
            // As on a file system that can reserve no room.
            EmptyWhenStored(small.Folder);
            small.Fill();
        }, "hidden stores failed: No space left");
    }

    [Fact]
    public async Task A_disk_that_becomes_full_does_not_stop_what_has_reserved_its_room()
    {
        using var small = SmallDisk.Mount(16);
        using var engine = OffloadEngine.Load(Reference.File(Model), resident with { DiskDirectory = small.Folder, Weights = disk, Cache = disk, Hidden = disk });
        // One for each kind, however many layers and micro-batches there are.
        Assert.Equal(3, ScratchFiles.In(small.Folder).Count);
        small.Fill();
        foreach (var prompt in Reference.Prompts(Model).Where(p => p.TokenIds.Length < 40))
        {
            var generated = await engine.GenerateAsync(new(prompt.TokenIds, SamplingOptions.Greedy) { MaxNewTokens = 16, IgnoreEos = true });
            Assert.Equal(prompt.Greedy.Take(16), generated.TokenIds);
        }
    }

    [Fact]
    public async Task A_sequence_that_ended_in_a_sweep_that_fails_later_is_still_delivered()
    {
        using var engine = OffloadEngine.Load(Reference.File(Model), resident);
        using var waiting = new SemaphoreSlim(0);
        var begun = new TaskCompletionSource();
        var request = new GenerationRequest([5, 6, 7], SamplingOptions.Greedy) { MaxNewTokens = 1 };
        // A sweep before keeps the engine busy until both are waiting.
        var before = engine.GenerateAsync(request with { StopAfter = _ => begun.TrySetResult() && waiting.Wait(TimeSpan.FromMinutes(1)) });
        await begun.Task;
        var ended = engine.GenerateAsync(request);
        var failed = engine.GenerateAsync(request with { StopAfter = _ => throw new InsufficientMemoryException("no room") });
        waiting.Release();
        Assert.Single((await before).TokenIds);
        Assert.Single((await ended.WaitAsync(TimeSpan.FromMinutes(1))).TokenIds);
        Assert.Contains("no room", (await Assert.ThrowsAsync<EngineException>(() => failed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_is_too_small_is_refused_before_anything_is_written()
    {
        using var small = SmallDisk.Mount(1);
        var options = resident with { DiskDirectory = small.Folder, Cache = disk, GpuBatchSize = 64, MaxSequenceLength = 96 };
        var message = Assert.Throws<EngineException>(() => OffloadEngine.Load(Reference.File(Model), options)).Message;
        Assert.Contains("does not fit the disk", message, StringComparison.Ordinal);
        Assert.Contains($"{small.Folder} has free 0.00 GiB", message, StringComparison.Ordinal);
        Assert.Equal(before, (HostMemory.AllocatedBytes, DirectFile.ReservedBytes));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(1, 100)]
    public void A_load_that_fails_at_a_file_leaves_no_memory_no_file_and_no_thread(int files, double attentionOnHost)
    {
        using var small = SmallDisk.Mount(64, files);
        Placement mixed = new(34, 33);
        var options = resident with
        {
            DiskDirectory = small.Folder,
            GpuBatchCount = 3,
            Weights = mixed,
            Cache = mixed,
            Hidden = mixed,
            AttentionOnHost = attentionOnHost,
        };
        var message = Assert.Throws<EngineException>(() => OffloadEngine.Load(Reference.File(Model), options)).Message;
        Assert.Contains("a scratch file could not be opened (errno 28, No space left on device)", message, StringComparison.Ordinal);
        Assert.Equal(before, (HostMemory.AllocatedBytes, DirectFile.ReservedBytes));
        Assert.Empty(ScratchFiles.In(small.Folder));
        string[] lanes = ["weight loads", "cache loads", "cache stores", "host attention", "hidden loads", "hidden stores"];
        // The kernel's thread ends a moment after its lane.
        Assert.True(SpinWait.SpinUntil(() => !ThreadNames().Any(lanes.Contains), TimeSpan.FromSeconds(5)));
    }

    /// <summary>On the engine's thread, between sweeps. A store that is still on its way would give a file its length again.</summary>
    private static void EmptyWhenStored(string folder)
    {
        Thread.Sleep(200);
        ScratchFiles.Empty(folder);
    }

    private static IEnumerable<string> ThreadNames()
    {
        foreach (var task in Directory.GetDirectories("/proc/self/task"))
        {
            string name;
            try
            {
                name = File.ReadAllText(Path.Combine(task, "comm")).Trim();
            }
            catch (IOException)
            {
                // It has ended.
                continue;
            }

            yield return name;
        }
    }

    /// <summary>Runs until something is generated, breaks something, and sees everything end.</summary>
    private async Task ExpectFailure(EngineOptions options, int tokensEach, Action breakIt, string why)
    {
        using (var engine = OffloadEngine.Load(Reference.File(Model), options))
        {
            Assert.NotEmpty(ScratchFiles.In(options.DiskDirectory));
            Assert.Empty(Directory.EnumerateFileSystemEntries(options.DiskDirectory));
            var tokens = 0;
            var running = Enumerable.Range(0, 60).Select(n => engine.GenerateAsync(new([5, 6, 7 + n], SamplingOptions.Greedy)
            {
                MaxNewTokens = tokensEach,
                IgnoreEos = true,
                StopAfter = _ =>
                {
                    if (tokens++ == 30)
                    {
                        breakIt();
                    }

                    return false;
                },
            })).ToList();
            await Assert.ThrowsAsync<EngineException>(() => Task.WhenAll(running));
            foreach (var sequence in running.Where(r => !r.IsCompletedSuccessfully))
            {
                var failure = await Assert.ThrowsAsync<EngineException>(() => sequence);
                Assert.Contains("The engine failed in sweep ", failure.Message, StringComparison.Ordinal);
                Assert.Contains(why, failure.Message, StringComparison.Ordinal);
            }

            await Assert.ThrowsAsync<EngineException>(() => engine.GenerateAsync(new([5], SamplingOptions.Greedy)));
        }

        Assert.Equal(before, (HostMemory.AllocatedBytes, DirectFile.ReservedBytes));
        Assert.Empty(ScratchFiles.In(options.DiskDirectory));
    }
}
