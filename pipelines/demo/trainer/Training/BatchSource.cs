using System.Threading.Tasks.Dataflow;
using FlexGen.Demo.Data;
using FlexGen.Demo.Tokenization;
using FlexGen.Tokenizers;

namespace FlexGen.Demo.Training;

/// <summary>
/// An endless stream of training batches, made ahead on all cores. Which records a batch holds follows from the seed and its
/// place in the stream alone, however many threads there are.
/// </summary>
internal sealed class BatchSource : IDisposable
{
    private const int BatchesPerChunk = 8;
    private const int LengthMultiple = 8;

    private readonly Tokenizer tokenizer;
    private readonly int batchSize;
    private readonly int seed;
    private readonly CancellationTokenSource stop = new();
    private readonly TransformManyBlock<int, Batch> chunks;

    public BatchSource(Tokenizer tokenizer, int batchSize, int seed)
    {
        this.tokenizer = tokenizer;
        this.batchSize = batchSize;
        this.seed = seed;
        chunks = new(MakeChunk, new ExecutionDataflowBlockOptions
        {
            MaxDegreeOfParallelism = Math.Max(1, Environment.ProcessorCount - 2),
            BoundedCapacity = 4 * Environment.ProcessorCount * BatchesPerChunk,
            EnsureOrdered = true,
            CancellationToken = stop.Token,
        });
        _ = FeedAsync();
    }

    /// <summary>The next batch. The threads' failure, if one failed, comes out here.</summary>
    public Batch Next()
    {
        if (chunks.OutputAvailableAsync().GetAwaiter().GetResult())
        {
            return chunks.Receive();
        }

        chunks.Completion.GetAwaiter().GetResult();
        throw new InvalidOperationException("the batch stream has ended, which it never should");
    }

    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
    }

    private async Task FeedAsync()
    {
        for (var chunk = 0; await chunks.SendAsync(chunk); chunk++)
        {
        }
    }

    private Batch[] MakeChunk(int chunk)
    {
        // Records of similar length share a batch, so that little padding is computed; the order of the batches is shuffled.
        var chunkSeed = HashSeed(seed, chunk);
        var generator = new RecordGenerator(NameSet.Train, chunkSeed);
        var samples = Enumerable.Range(0, batchSize * BatchesPerChunk).Select(_ => Encode(generator.Next())).OrderBy(s => s.Tokens.Length);
        var batches = samples.Chunk(batchSize).Select(Pack).ToArray();
        new Random(chunkSeed).Shuffle(batches);
        return batches;
    }

    private (int[] Tokens, int PromptLength) Encode(DemoRecord record)
    {
        var prompt = tokenizer.Encode(record.Prompt);
        return ([.. prompt, .. tokenizer.Encode(record.Completion, addSpecialTokens: false), TokenizerFiles.EndOfSequence], prompt.Length);
    }

    private static Batch Pack((int[] Tokens, int PromptLength)[] samples)
    {
        var length = (samples.Max(s => s.Tokens.Length) + LengthMultiple - 1) / LengthMultiple * LengthMultiple;
        var tokens = new long[samples.Length * length];
        Array.Fill(tokens, TokenizerFiles.Padding);
        var rows = new List<long>();
        var targets = new List<long>();
        for (var s = 0; s < samples.Length; s++)
        {
            var (sample, promptLength) = samples[s];
            for (var i = 0; i < sample.Length; i++)
            {
                tokens[(s * length) + i] = sample[i];
                if (i >= promptLength)
                {
                    rows.Add((s * length) + i - 1);
                    targets.Add(sample[i]);
                }
            }
        }

        return new(samples.Length, tokens, [.. rows], [.. targets]);
    }

    private static int HashSeed(int seed, int chunk) => unchecked((int)(((uint)seed * 2654435761u) ^ ((uint)chunk * 2246822519u) ^ 0x5bd1e995u));
}
