using FlexGen.Worker.Lengths;

namespace FlexGen.Worker.Tests.Lengths;

public sealed class LengthRecorderTests : IDisposable
{
    private static readonly LengthKey key = new("p", "/m", "o");
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;
    private readonly ManualTime time = new();
    private readonly List<string> warnings = [];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Given_a_run_that_goes_on_when_a_minute_has_passed_then_its_lengths_are_kept_already_and_at_the_end_all_of_them()
    {
        var store = new LengthStore(folder);
        var recorder = new LengthRecorder(store, key, [new(1, 1)], warnings.Add, time);
        Assert.Null(recorder.Had);
        time.Pass();
        Assert.Empty(store.Load(key).Lengths);
        recorder.Add(12, 20);
        time.Pass();
        Assert.Equal([new(1, 1), new(12, 20)], store.Load(key).Lengths);
        recorder.Add(0, 0);
        await recorder.DisposeAsync();
        Assert.Equal([new(1, 1), new(12, 20), new(1, 1)], store.Load(key).Lengths);
        Assert.Equal([new(12, 20), new(1, 1)], recorder.Had!.Sample);
        Assert.Equal(2, recorder.Had.Count);
        Assert.Empty(warnings);
    }

    [Fact]
    public async Task Given_a_place_where_nothing_can_be_kept_when_a_run_goes_on_then_one_warning_says_so()
    {
        File.WriteAllText(Path.Combine(folder, "file"), "");
        var recorder = new LengthRecorder(new(Path.Combine(folder, "file")), key, [], warnings.Add, time);
        for (var n = 0; n < 3; n++)
        {
            recorder.Add(1, 1);
            time.Pass();
        }

        await recorder.DisposeAsync();
        Assert.StartsWith("The lengths of prompts and outputs cannot be kept for the next run's plan: ", Assert.Single(warnings), StringComparison.Ordinal);
    }

    /// <summary>Time that passes when it is told to, a timer's period at once.</summary>
    private sealed class ManualTime : TimeProvider, ITimer
    {
        private Action? callback;

        public void Pass() => callback!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            this.callback = () => callback(state);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
