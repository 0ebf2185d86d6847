using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

[Trait("Category", "Long")]
public class KillTests(ITestOutputHelper output)
{
    private const int Kills = 20;
    private const int Records = 80_000;

    [Fact]
    public async Task Given_kills_at_random_moments_when_started_again_each_time_then_each_record_is_there_once_and_finished_files_stay()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var workspace = new Workspace();
        workspace.WriteDataset(Records);
        workspace.WritePipeline(model: "{ echo: true, echoMaxDelay: \"00:00:00.200\" }", rows: "300");
        var finished = new Dictionary<string, string>();
        int kills = 0, useful = 0;
        for (; kills < Kills; kills++)
        {
            using var process = workspace.Start("run", Workspace.File);
            // Half of the kills come at any moment of start and work, half in the middle of the work.
            while (kills % 2 == 1 && !process.HasExited && workspace.Parts().Count() == finished.Count)
            {
                await Task.Delay(10);
            }

            await Task.Delay(random.Next(kills % 2 == 1 ? 400 : 1200));
            Assert.False(process.HasExited, $"the run ended before kill {kills}: {(process.HasExited ? (await process.WaitAsync()).Error : "")}");
            process.Kill();
            await process.WaitAsync();
            var before = finished.Count;
            foreach (var (path, hash) in workspace.Parts())
            {
                Assert.True(finished.TryAdd(path, hash) || finished[path] == hash, $"{path} was changed");
            }

            useful += finished.Count > before ? 1 : 0;
        }

        output.WriteLine($"{kills} kills, {useful} after some progress, {finished.Count} files finished by then");
        (await workspace.RunAsync("run", Workspace.File)).Expect(0);
        workspace.ExpectEachRecordOnce(Records);
        Assert.All(finished, part => Assert.Equal(part.Value, Workspace.Hash(part.Key)));
        Assert.True(useful > 0, "every kill came before any progress");
    }
}
