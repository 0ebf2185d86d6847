using System.Collections.Concurrent;
using FlexGen.Engine.State;
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

    private readonly BlockingCollection<Sequence> waiting = [];
    private readonly LoadedModel model;
    private readonly MicroBatch[] microBatches;
    private readonly Thread thread;
    private readonly HashSet<int> endOfSequence;
    private Exception? failure;
    private long sweeps;
    private long promptTokens;
    private long generatedTokens;

    private OffloadEngine(LoadedModel model)
    {
        this.model = model;
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
    public EngineStatistics Statistics => new(Interlocked.Read(ref sweeps), Interlocked.Read(ref promptTokens), Interlocked.Read(ref generatedTokens));

    /// <summary>Loads a Hugging Face checkpoint folder.</summary>
    /// <exception cref="EngineException">The options cannot be met on this machine, or do not fit the model.</exception>
    /// <exception cref="Tensors.CheckpointException">The folder is not a checkpoint that can be run.</exception>
    public static OffloadEngine Load(string modelFolder, EngineOptions options) => new(LoadedModel.Load(modelFolder, options));

    /// <summary>Generates one sequence. Any thread may call, with any number of sequences waiting.</summary>
    /// <exception cref="EngineException">The prompt is empty, too long for a slot or not of this vocabulary; or the engine failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before it ended.</exception>
    public Task<GeneratedSequence> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        Check(request);
        var sequence = new Sequence(request, cancellationToken);
        try
        {
            waiting.Add(sequence, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw failure ?? new ObjectDisposedException(nameof(OffloadEngine));
        }

        return sequence.Result;
    }

    public void Dispose()
    {
        waiting.CompleteAdding();
        thread.Join();
        waiting.Dispose();
    }

    private void Run()
    {
        using var noGrad = no_grad();
        try
        {
            using var runner = model.CreateRunner();
            while (Admit())
            {
                var layouts = Active().ToDictionary(k => k, k => runner.Begin(k, microBatches[k].Slots));
                foreach (var step in model.Steps(sweeps, [.. layouts.Keys]))
                {
                    runner.Execute(step);
                }

                foreach (var (k, layout) in layouts)
                {
                    using var logits = runner.End(k);
                    Deliver(microBatches[k], layout, logits);
                }

                Interlocked.Increment(ref sweeps);
            }
        }
        catch (Exception exception)
        {
            Fail(new EngineException($"The engine failed in sweep {sweeps}: {exception.Message}", exception));
        }
        finally
        {
            model.Dispose();
        }
    }

    /// <summary>Fills free slots from those waiting; blocks while there is nothing to do. False when the engine is to end.</summary>
    private bool Admit()
    {
        var room = Array.ConvertAll(microBatches, _ => PrefillTokensPerPass);
        while (Array.FindIndex(microBatches, m => m.HasRoom && room[Array.IndexOf(microBatches, m)] > 0) is var k and >= 0)
        {
            var idle = !Active().Any();
            if (!(idle ? waiting.TryTake(out var next, Timeout.Infinite) : waiting.TryTake(out next)))
            {
                break;
            }

            if (next.IsCancelled)
            {
                next.Cancel();
                continue;
            }

            microBatches[k].Admit(next);
            room[k] -= next.PromptLength;
            Interlocked.Add(ref promptTokens, next.PromptLength);
        }

        return Active().Any();
    }

    private IEnumerable<int> Active() => Enumerable.Range(0, microBatches.Length).Where(k => !microBatches[k].IsEmpty);

    /// <summary>Gives each sequence its next token and frees the slots of those that end.</summary>
    private void Deliver(MicroBatch microBatch, RowLayout layout, Tensor logits)
    {
        using var scope = NewDisposeScope();
        var likeliest = logits.argmax(-1).cpu().data<long>().ToArray();
        for (var row = 0; row < layout.Sequences.Count; row++)
        {
            var (slot, sequence) = layout.Sequences[row];
            sequence.CachedTokens = sequence.Tokens.Count;
            var token = sequence.NeedsLogits ? sequence.Choose(logits[row].to(ScalarType.Float32).cpu().data<float>().ToArray()) : (int)likeliest[row];
            var reason = sequence.Append(token, endOfSequence.Contains(token), model.Policy.SequenceLength);
            generatedTokens++;
            if (reason is { } finished)
            {
                microBatch.Free(slot);
                sequence.Finish(finished);
            }
            else if (sequence.IsCancelled)
            {
                microBatch.Free(slot);
                sequence.Cancel();
            }
        }
    }

    private void Fail(EngineException exception)
    {
        failure = exception;
        waiting.CompleteAdding();
        foreach (var sequence in microBatches.SelectMany(m => m.Slots).OfType<Sequence>().Concat(waiting.GetConsumingEnumerable()))
        {
            sequence.Fail(exception);
        }
    }

    private void Check(GenerationRequest request)
    {
        if (request.PromptTokens.Length == 0)
        {
            throw new EngineException("The prompt has no tokens; give at least one");
        }

        if (request.PromptTokens.Length >= Policy.SequenceLength)
        {
            throw new EngineException(
                $"The prompt has {request.PromptTokens.Length} tokens; a slot has room for {Policy.SequenceLength}, output included: shorten it or raise the maximum sequence length");
        }

        if (request.PromptTokens.FirstOrDefault(t => t < 0 || t >= Shape.VocabularySize, -1) is var odd && Array.IndexOf(request.PromptTokens, odd) >= 0)
        {
            throw new EngineException($"Token id {odd} is outside the model's vocabulary of {Shape.VocabularySize}");
        }
    }
}
