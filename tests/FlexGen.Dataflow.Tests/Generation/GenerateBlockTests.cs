using System.Threading.Tasks.Dataflow;
using FlexGen.Dataflow.Generation;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Generation;

public sealed class GenerateBlockTests
{
    private const int InFlight = 3;
    private static readonly TimeSpan guard = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Holds_no_more_prompts_than_it_may_and_passes_each_record_on_as_it_finishes()
    {
        var generator = new HeldGenerator();
        using var block = new GenerateBlock(generator, InFlight, 2, CancellationToken.None, CancellationToken.None);
        var records = Records(5);
        records[0].Fail("bad", "cannot be a prompt");
        await block.Input.SendAsync(records);
        // The error record does not wait for those after it.
        Assert.Equal([records[0]], await block.Output.ReceiveAsync(guard));
        Assert.Equal(InFlight, generator.Waiting.Count);
        generator.Waiting[1].SetResult(new Completion("done", "stop", 1, 1));
        var second = Assert.Single(await block.Output.ReceiveAsync(guard));
        Assert.Equal(("done", null), (second.Completion?.Text, second.Prompt));

        block.Input.Complete();
        while (generator.Waiting.Count < 4)
        {
            await Task.Delay(1);
        }

        generator.Waiting[0].SetResult(new Completion("", "stop", 1, 1));
        generator.Waiting[2].SetException(new RecordException("too_long", "it is too long"));
        generator.Waiting[3].SetResult(new Completion("", "stop", 1, 1));
        var rest = new List<Record>();
        while (await block.Output.OutputAvailableAsync())
        {
            rest.AddRange(await block.Output.ReceiveAsync(guard));
        }

        await block.Completion.WaitAsync(guard);
        Assert.Equal(3, rest.Count);
        Assert.Single(rest, record => record.Error is { Reason: "too_long" });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failure_of_one_that_is_in_flight_fails_it_also_when_no_more_comes(bool isInputComplete)
    {
        var generator = new HeldGenerator();
        using var block = new GenerateBlock(generator, InFlight, 2, CancellationToken.None, CancellationToken.None);
        await block.Input.SendAsync(Records(1));
        while (generator.Waiting.Count == 0)
        {
            await Task.Delay(1);
        }

        if (isInputComplete)
        {
            block.Input.Complete();
            await block.Input.Completion.WaitAsync(guard);
        }

        generator.Waiting[0].SetException(new InvalidDataException("broken"));
        await Assert.ThrowsAnyAsync<Exception>(() => block.Completion.WaitAsync(guard));
        await Assert.ThrowsAnyAsync<Exception>(() => block.Output.Completion.WaitAsync(guard));
    }

    private static Record[] Records(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Record(new Assignment("s"), i, Rows.Empty, 0) { Prompt = new TokenizedPrompt($"{i}", []) })];

    private sealed class HeldGenerator : IGenerator
    {
        public List<TaskCompletionSource<Completion>> Waiting { get; } = [];

        public int Concurrency => InFlight;

        public TokenizedPrompt Tokenize(Prompt prompt) => new(prompt.Text, []);

        public ValueTask<Completion> GenerateAsync(TokenizedPrompt prompt, CancellationToken cancellationToken)
        {
            var held = new TaskCompletionSource<Completion>(TaskCreationOptions.RunContinuationsAsynchronously);
            Waiting.Add(held);
            return new ValueTask<Completion>(held.Task);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
