using System.Threading.Channels;
using FlexGen.Engine.Batch;
using FlexGen.Engine.Execution;
using FlexGen.Engine.Tracing;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>
/// Generates sequences with one model. It knows token ids only, nothing of text. One thread owns it: all tensors live and die there.
/// A sequence is admitted to a slot as soon as one is free and leaves it in the sweep that ends it.
/// </summary>
public sealed class OffloadEngine : IDisposable
{
    /// <summary>Decoding sweeps for each time that the GPU's memory is read.</summary>
    private const int SweepsPerReading = 16;
    private readonly Channel<Sequence> waiting = Channel.CreateUnbounded<Sequence>(new() { AllowSynchronousContinuations = true });
    private readonly LoadedModel model;
    private readonly MicroBatch[] microBatches;
    private readonly Thread thread;
    private readonly Admission admission;
    private readonly Delivery delivery;
    private Exception? failure;
    private volatile bool stopping;
    private readonly Lock submitting = new();
    private readonly EngineOptions options;
    private EngineStatistics statistics;

    private OffloadEngine(LoadedModel model, EngineOptions options)
    {
        (this.model, this.options, microBatches) = (model, options, model.CreateMicroBatches());
        (admission, delivery) = (new(microBatches, waiting, submitting), new(model));
        statistics = new(0, 0, 0, default, default, [.. model.Devices.Select(_ => 0L)]);
        thread = new(Run) { IsBackground = true, Name = Trace.Engine };
        thread.Start();
    }

    /// <summary>The model's numbers.</summary>
    public ModelShape Shape => model.Shape;

    /// <summary>The decision it runs under.</summary>
    public Policy Policy => model.Policy;

    /// <summary>The decision, and what it takes on each tier.</summary>
    public PolicyPlan Plan => model.Plan;

    /// <summary>What planning knows of the model.</summary>
    public ModelOutline Outline => model.Outline;

    /// <summary>The tokens with which the model ends a sequence.</summary>
    public IReadOnlySet<int> EndOfSequenceIds => model.EndOfSequenceIds;

    /// <inheritdoc cref="LoadedModel.Description"/>
    public string Description => model.Description;

    /// <summary>What the user should know of how it runs; null: nothing.</summary>
    public EngineMessage? Warning => model.Warning;

    /// <inheritdoc cref="LoadedModel.Choice"/>
    public DeviceChoice? Choice => model.Choice;

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

    /// <summary>What resources have done, as far as the host sees it: reads from disk, and without a GPU copies, too.</summary>
    public IReadOnlyDictionary<Resource, ResourceWork> Work => model.Work;

    /// <summary>Loads a Hugging Face checkpoint folder.</summary>
    /// <exception cref="EngineException">The options cannot be met on this machine, or do not fit the model.</exception>
    /// <exception cref="CheckpointException">The folder is not a checkpoint that can be run, or changed meanwhile.</exception>
    public static OffloadEngine Load(string modelFolder, EngineOptions options) => new(LoadedModel.Load(modelFolder, options), options);

    /// <summary>A model of a published shape (<see cref="Models.PublishedShapes"/>) with random weights, for measuring.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static OffloadEngine LoadShape(string shape, EngineOptions options) => new(LoadedModel.LoadShape(shape, options), options);

    /// <summary>A model with random weights.</summary>
    internal static OffloadEngine LoadDummy(Layers.Model model, EngineOptions options) => new(LoadedModel.LoadDummy(model, options), options);

    /// <summary>Checks what would be a request's prompt.</summary>
    /// <exception cref="RequestException">It is empty, too long for a slot or not of this vocabulary.</exception>
    public void CheckPrompt(int[] tokens) => GenerationRequest.CheckPrompt(tokens, Shape, Policy.SequenceLength);

    /// <summary>Generates one sequence. Any thread may call, with any number of sequences waiting.</summary>
    /// <exception cref="EngineException">The engine failed.</exception>
    /// <exception cref="RequestException">The request cannot be run with this model, its logits are not numbers, or a rule of its own failed.</exception>
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
        requests.ToList().ForEach(r => r.Check(Shape, Policy.SequenceLength));
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
            runner = model.CreateRunner();
            if (model.Rolls)
            {
                Roll(runner);
            }

            while (Admit())
            {
                Sweep(runner);
            }

            EndAll(sequence => sequence.Cancel());
        }
        catch (Exception exception)
        {
            delivery.TellEnded();
            failure = new EngineException($"The engine failed in sweep {statistics.Sweeps}: {exception.Message}", exception);
            EndAll(sequence => sequence.Fail(failure));
        }

        Close(runner);
    }

    private void Sweep(StepRunner runner)
    {
        var start = TimeProvider.System.GetTimestamp();
        var layouts = Enumerable.Range(0, microBatches.Length).Where(k => !microBatches[k].IsEmpty)
            .ToDictionary(k => k, k => runner.Begin(k, microBatches[k].Slots));
        runner.Launch();
        foreach (var k in layouts.Keys)
        {
            microBatches[k].Masks.Start();
        }

        foreach (var step in model.Steps(statistics.Sweeps, [.. layouts.Keys.Where(runner.HasSteps)]))
        {
            runner.Execute(step);
        }

        foreach (var (k, layout) in layouts)
        {
            using var tokens = model.NextTokens(runner.End(k, layout), layout);
            delivery.Deliver(microBatches[k], layout, tokens);
        }

        Count(start, layouts.Values);
        delivery.TellEnded();
    }

    /// <summary>Sweeps that overlap, until the engine is to end.</summary>
    private void Roll(StepRunner runner)
    {
        var last = TimeProvider.System.GetTimestamp();
        using var rolling = new RollingSweeps(model, runner, microBatches, admission, delivery, layouts =>
        {
            Count(last, layouts);
            last = TimeProvider.System.GetTimestamp();
        });
        while (!stopping)
        {
            if (!rolling.IsUnderWay)
            {
                if (!admission.Wait())
                {
                    return;
                }

                last = TimeProvider.System.GetTimestamp();
            }

            rolling.Sweep();
        }
    }

    /// <summary>Ends the copies under way before what a failed sweep left is freed.</summary>
    private void Close(StepRunner? runner)
    {
        try
        {
            runner?.DisposeGraphs();
            Array.ForEach(microBatches, m => m.Dispose());
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
        Array.ForEach(microBatches, m => m.BeginSweep());
        if (!options.StaticBatches)
        {
            admission.Fill();
        }

        while (admission.IsIdle)
        {
            if (stopping || !admission.Wait())
            {
                return false;
            }

            admission.Fill();
        }

        return !stopping;
    }

    private void Count(long start, IEnumerable<RowLayout> layouts)
    {
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        var prompts = layouts.Sum(l => l.Prefills.Sum(p => p.Length));
        // To ask takes a while. Memory grows with a prompt, or by what decoding makes once and keeps.
        var peaks = prompts == 0 && !admission.IsIdle && statistics.Sweeps % SweepsPerReading > 0 ? statistics.PeakGpuBytes
            : [.. statistics.PeakGpuBytes.Zip(model.GpuBytesInUse, Math.Max)];
        options.Trace?.Sweep(elapsed, prompts > 0);
        lock (submitting)
        {
            var (inPrefill, inDecode) = prompts > 0 ? (elapsed, TimeSpan.Zero) : (TimeSpan.Zero, elapsed);
            statistics = new(
                statistics.Sweeps + 1, statistics.PromptTokens + prompts, statistics.GeneratedTokens + layouts.Sum(l => l.Sequences.Count),
                statistics.InPrefill + inPrefill, statistics.InDecode + inDecode, peaks);
        }
    }

    private void EndAll(Action<Sequence> end)
    {
        waiting.Writer.TryComplete();
        var all = microBatches.SelectMany(m => m.Slots).OfType<Sequence>().Concat(waiting.Reader.ReadAllAsync().ToBlockingEnumerable());
        all.ToList().ForEach(end);
    }
}
