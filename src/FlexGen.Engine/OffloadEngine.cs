using System.Threading.Channels;
using FlexGen.Engine.Movement;
using FlexGen.Engine.Sampling;
using FlexGen.Engine.Schedule;
using FlexGen.Engine.State;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>
/// Generates sequences with one model. It knows token ids only, nothing of text. One thread owns it: all tensors live and die
/// there. A sequence is admitted to a slot as soon as one is free and leaves it in the sweep that ends it.
/// </summary>
public sealed class OffloadEngine : IDisposable
{
    /// <summary>Prompt tokens that one pass takes in at the most (or one longer prompt), which bounds its activations.</summary>
    internal const int PrefillTokensPerPass = 8192;

    private readonly Channel<Sequence> waiting = Channel.CreateUnbounded<Sequence>(new() { SingleReader = true });
    private readonly LoadedModel model;
    private readonly MicroBatch[] microBatches;
    private readonly Thread thread;
    private readonly HashSet<int> endOfSequence;

    /// <summary>What tells those who wait for sequences that this sweep has ended.</summary>
    private readonly List<Action> ended = [];
    private Exception? failure;
    private volatile bool stopping;
    private readonly Lock submitting = new();
    private readonly bool staticBatches;
    private readonly Trace? trace;
    private EngineStatistics statistics;

    private OffloadEngine(LoadedModel model, EngineOptions options)
    {
        (this.model, staticBatches, trace) = (model, options.StaticBatches, options.Trace);
        endOfSequence = [.. model.EndOfSequenceIds];
        microBatches = [.. Enumerable.Range(0, model.Policy.GpuBatchCount).Select(_ => new MicroBatch(model.Policy.GpuBatchSize))];
        thread = new(Run) { IsBackground = true, Name = "engine" };
        thread.Start();
    }

    /// <summary>The model's numbers.</summary>
    public ModelShape Shape => model.Shape;

    /// <summary>The decision it runs under.</summary>
    public Policy Policy => model.Policy;

    /// <summary>The device it computes on and the type it computes in.</summary>
    public string Description => $"{model.Device} {model.DataType}";

    /// <summary>Counts so far.</summary>
    public EngineStatistics Statistics
    {
        get
        {
            lock (submitting)
            {
                return statistics;
            }
        }
    }

    /// <summary>Loads a Hugging Face checkpoint folder.</summary>
    /// <exception cref="EngineException">The options cannot be met on this machine, or do not fit the model.</exception>
    /// <exception cref="Tensors.CheckpointException">The folder is not a checkpoint that can be run.</exception>
    public static OffloadEngine Load(string modelFolder, EngineOptions options) => new(LoadedModel.Load(modelFolder, options), options);

    /// <summary>A model of a published shape (<see cref="Models.PublishedShapes"/>) with random weights, for measuring.</summary>
    /// <exception cref="EngineException">The options cannot be met on this machine, or do not fit the model.</exception>
    /// <exception cref="Tensors.CheckpointException">There is no such shape.</exception>
    public static OffloadEngine LoadShape(string shape, EngineOptions options) => new(LoadedModel.LoadShape(shape, options), options);

    /// <summary>Checks what would be a request's prompt.</summary>
    /// <exception cref="RequestException">It is empty, too long for a slot or not of this vocabulary.</exception>
    public void CheckPrompt(int[] tokens) => GenerationRequest.CheckPrompt(tokens, Shape, Policy.SequenceLength);

    /// <summary>Generates one sequence. Any thread may call, with any number of sequences waiting.</summary>
    /// <exception cref="EngineException">The engine failed.</exception>
    /// <exception cref="RequestException">The request cannot be run with this model, its logits are not numbers, or its stop rule failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before it ended.</exception>
    public Task<GeneratedSequence> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        request.Check(Shape, Policy.SequenceLength);
        lock (submitting)
        {
            return Submit(request, cancellationToken);
        }
    }

    /// <summary>Generates sequences that are all waiting before the first is admitted.</summary>
    /// <inheritdoc cref="GenerateAsync"/>
    public Task<GeneratedSequence[]> GenerateAllAsync(IReadOnlyList<GenerationRequest> requests, CancellationToken cancellationToken = default)
    {
        foreach (var request in requests)
        {
            request.Check(Shape, Policy.SequenceLength);
        }

        lock (submitting)
        {
            return Task.WhenAll([.. requests.Select(r => Submit(r, cancellationToken))]);
        }
    }

    /// <summary>Cancels what waits and, when the sweep under way has ended, what runs.</summary>
    public void Dispose()
    {
        stopping = true;
        waiting.Writer.TryComplete();
        thread.Join();
    }

    private void Run()
    {
        using var noGrad = no_grad();
        StepRunner? runner = null;
        try
        {
            if (ComputeMemory.Gpu(model.Device) is { } gpu)
            {
                CudaDriver.Use(gpu);
            }

            runner = model.CreateRunner();
            while (Admit())
            {
                Sweep(runner);
            }

            EndAll(sequence => sequence.Cancel());
        }
        catch (Exception exception)
        {
            TellEnded();
            var failed = new EngineException($"The engine failed in sweep {statistics.Sweeps}: {exception.Message}", exception);
            failure = failed;
            EndAll(sequence => sequence.Fail(failed));
        }

        Close(runner);
    }

    private void Sweep(StepRunner runner)
    {
        var start = TimeProvider.System.GetTimestamp();
        var layouts = Active().ToDictionary(k => k, k => runner.Begin(k, microBatches[k].Slots));
        runner.Launch();
        foreach (var step in model.Steps(statistics.Sweeps, [.. layouts.Keys.Where(runner.HasSteps)]))
        {
            runner.Execute(step);
        }

        foreach (var (k, layout) in layouts)
        {
            using var logits = runner.End(k, layout);
            Deliver(microBatches[k], layout, logits);
        }

        Count(start, layouts.Values);
        TellEnded();
    }

    /// <summary>Ends the copies under way before what a failed sweep left is freed.</summary>
    private void Close(StepRunner? runner)
    {
        try
        {
            runner?.DisposeGraphs();
            model.Dispose();
            runner?.Dispose();
        }
        catch (Exception) when (failure is not null)
        {
            // A GPU that failed cannot even free. Those who wait have been told why; this thread must not end the process.
        }
    }

    private Task<GeneratedSequence> Submit(GenerationRequest request, CancellationToken cancellationToken)
    {
        var sequence = new Sequence(request, cancellationToken);
        return waiting.Writer.TryWrite(sequence) ? sequence.Result : throw failure ?? new ObjectDisposedException(nameof(OffloadEngine));
    }

    /// <summary>Fills free slots from those waiting; blocks while there is nothing to do. False when the engine is to end.</summary>
    private bool Admit()
    {
        var room = Array.ConvertAll(microBatches, _ => PrefillTokensPerPass);
        if (!staticBatches)
        {
            Fill(room);
        }

        while (!Active().Any())
        {
            if (stopping || !waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                return false;
            }

            Fill(room);
        }

        return !stopping;
    }

    /// <summary>Each sequence goes where the fewest prompt tokens are to be prefilled, so that the micro-batches of a sweep take alike.</summary>
    private void Fill(int[] room)
    {
        lock (submitting)
        {
            while (Enumerable.Range(0, room.Length).Where(k => microBatches[k].HasRoom).OrderByDescending(k => room[k]).FirstOrDefault(-1) is var k and >= 0
                && room[k] > 0 && waiting.Reader.TryRead(out var next))
            {
                Place(next, k, room);
            }
        }
    }

    private void Place(Sequence sequence, int k, int[] room)
    {
        if (sequence.Begin())
        {
            microBatches[k].Admit(sequence);
            room[k] -= sequence.PromptLength;
        }
    }

    private void Count(long start, IEnumerable<RowLayout> layouts)
    {
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        var (prompts, gpuBytes) = (layouts.Sum(l => l.Prefills.Sum(p => p.Length)), model.GpuBytesInUse);
        trace?.Sweep(elapsed, prompts > 0);
        var tokens = layouts.Sum(l => l.Sequences.Count);
        lock (submitting)
        {
            statistics = new(
                statistics.Sweeps + 1,
                statistics.PromptTokens + prompts,
                statistics.GeneratedTokens + tokens,
                statistics.InPrefill + (prompts > 0 ? elapsed : TimeSpan.Zero),
                statistics.InDecode + (prompts > 0 ? TimeSpan.Zero : elapsed),
                Math.Max(statistics.PeakGpuBytes, gpuBytes));
        }
    }

    private IEnumerable<int> Active() => Enumerable.Range(0, microBatches.Length).Where(k => !microBatches[k].IsEmpty);

    /// <summary>Gives each sequence its next token and frees the slots of those that end.</summary>
    /// <param name="microBatch">The micro-batch.</param>
    /// <param name="layout">Its rows.</param>
    /// <param name="logits">[sequences (and filler), vocabulary].</param>
    private void Deliver(MicroBatch microBatch, RowLayout layout, Tensor logits)
    {
        var tokens = NextTokens.Choose(logits, layout.Sequences);
        for (var row = 0; row < tokens.Length; row++)
        {
            var (slot, sequence) = layout.Sequences[row];
            sequence.CachedTokens = sequence.Tokens.Count;
            if (Advance(sequence, tokens[row]) is { } tell)
            {
                microBatch.Free(slot);
                ended.Add(tell);
            }
        }
    }

    /// <summary>Gives a sequence its next token. What tells those who wait for it, when it has ended.</summary>
    private Action? Advance(Sequence sequence, int token)
    {
        try
        {
            if (token == NextTokens.NotFinite)
            {
                throw new RequestException("logits_not_finite", model.DataType == ScalarType.Float16
                    ? "Its logits are not numbers: the model overflowed in Float16. Try --dtype bfloat16 or float32."
                    : $"Its logits are not numbers, computed in {model.DataType}. Check the checkpoint's weights.");
            }

            var reason = sequence.Append(token, endOfSequence.Contains(token), model.Policy.SequenceLength);
            return reason is { } finished ? () => sequence.Finish(finished) : sequence.IsCancelled ? sequence.Cancel : null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            var failed = exception as RequestException ?? new("stop_rule_failed", $"Its stop rule failed: {exception.Message}", exception);
            return () => sequence.Fail(failed);
        }
    }

    private void TellEnded()
    {
        ended.ForEach(tell => tell());
        ended.Clear();
    }

    private void EndAll(Action<Sequence> end)
    {
        waiting.Writer.TryComplete();
        foreach (var sequence in microBatches.SelectMany(m => m.Slots).OfType<Sequence>())
        {
            end(sequence);
        }

        while (waiting.Reader.TryRead(out var sequence))
        {
            end(sequence);
        }
    }
}
