using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Prompts;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests;

/// <summary>What a pipeline is made of ends in order, once.</summary>
public sealed class PipelineSetupTests
{
    private readonly List<string> disposed = [];

    [Fact]
    public async Task The_source_ends_before_the_sink_that_it_tells_of_it_and_each_once()
    {
        var setup = Setup(() => disposed.Add("source"));
        await setup.OpenSinkAsync(_ => { }, CancellationToken.None);
        await setup.DisposeAsync();
        await setup.DisposeAsync();
        Assert.Equal(["source", "sink"], disposed);
    }

    [Fact]
    public async Task A_source_that_fails_to_end_does_not_keep_the_sink()
    {
        var setup = Setup(() => throw new InvalidDataException("broken"));
        await setup.OpenSinkAsync(_ => { }, CancellationToken.None);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await setup.DisposeAsync());
        Assert.Equal(["sink"], disposed);
    }

    [Fact]
    public async Task A_sink_whose_positions_the_source_does_not_have_is_not_kept()
    {
        var setup = Setup(() => disposed.Add("source"), () => throw new PipelineException("not there"));
        await Assert.ThrowsAsync<PipelineException>(() => setup.OpenSinkAsync(_ => { }, CancellationToken.None));
        await setup.DisposeAsync();
        Assert.Equal(["source", "sink"], disposed);
    }

    private PipelineSetup Setup(Action onDispose, Action? onCheck = null)
    {
        var end = new End(() => disposed.Add("sink"));
        return new PipelineSetup(new TopicSource("s", "") { OnDispose = onDispose, OnCheck = onCheck }, PromptForm.Empty, null, new Plan(end), null);
    }

    private sealed class Plan(End end) : ISinkPlan
    {
        public string Output => "out";

        public string DeadLetter => "errors";

        public Task<Coverage> ReadDoneAsync(CancellationToken cancellationToken) => Task.FromResult(new Coverage());

        public Task<OpenedSink> OpenAsync(Action<Record> onDelivered, CancellationToken cancellationToken) =>
            Task.FromResult(new OpenedSink(end, end, new Coverage()));
    }

    /// <summary>Takes everything and does nothing with it.</summary>
    private sealed class End(Action onDispose) : ISink, ILedger
    {
        public IntervalSet Done(string stream) => new();

        public ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments) => ValueTask.CompletedTask;

        public void Encode(Record record)
        {
        }

        public ValueTask WriteAsync(Record[] records) => ValueTask.CompletedTask;

        public ValueTask CommitIfDueAsync() => ValueTask.CompletedTask;

        public ValueTask CommitAsync() => ValueTask.CompletedTask;

        public ValueTask DisposeAsync()
        {
            onDispose();
            return ValueTask.CompletedTask;
        }
    }
}
