using FlexGen.Dataflow;
using FlexGen.Engine;
using FlexGen.Engine.Checkpoints;
using FlexGen.Tokenizers;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Generation;

/// <summary>A loaded checkpoint with its tokenizer, where the folder has one.</summary>
internal sealed class LanguageModel : IDisposable
{
    private readonly OffloadEngine engine;
    private readonly Tokenizer? tokenizer;
    private readonly GenerationOptions options;
    private readonly StopTexts stops;
    private readonly string folder;
    private readonly ModelChat? chat;

    private LanguageModel(
        string folder, OffloadEngine engine, Tokenizer? tokenizer, ModelChat? chat, EngineSettings settings, GenerationOptions options)
    {
        this.folder = folder;
        this.engine = engine;
        this.chat = chat;
        Warning = engine.Warning?.Worded(settings.NameOf);
        this.tokenizer = tokenizer;
        this.options = options;
        stops = new StopTexts(options.Stop, tokenizer?.ControlTokens ?? []);
    }

    public bool HasTokenizer => tokenizer is not null;

    /// <summary>Sequences that run at once.</summary>
    public int Slots => engine.Policy.EffectiveBatchSize;

    /// <summary>The most GPU memory in use after a sweep, the CUDA context included; 0 without a GPU.</summary>
    public long PeakGpuBytes => engine.Statistics.PeakGpuBytes;

    /// <summary>What was loaded, for a log line.</summary>
    public string Description =>
        $"{engine.Shape.Name}, {engine.Shape.DecoderLayers} layers, on {engine.Description}; {Slots} slots of {engine.Policy.SequenceLength} tokens";

    /// <inheritdoc cref="OffloadEngine.Warning"/>
    public string? Warning { get; }

    /// <summary>Loads a Hugging Face checkpoint folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="settings">How it is run.</param>
    /// <param name="options">How its completions are made.</param>
    /// <param name="prompt">What prompts are made of, where that is known; null: of texts.</param>
    /// <param name="time">Where chat templates have the date from.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="UsageException">It cannot be made so with this model.</exception>
    /// <exception cref="EngineException">The settings cannot be met on this machine.</exception>
    /// <exception cref="CheckpointException">The folder is not a checkpoint that can be run, or changed meanwhile.</exception>
    /// <exception cref="TokenizerException">Its tokenizer cannot be read or does not fit the model.</exception>
    /// <exception cref="ChatTemplateException">The prompt has messages, and the folder's chat template cannot be used.</exception>
    public static LanguageModel Load(
        string path, EngineSettings settings, GenerationOptions options, PromptOptions? prompt = null, TimeProvider? time = null)
    {
        var folder = ModelTokenizer.Find(path);
        ModelFolder.RequireModel(folder);
        var files = ModelFiles.In(folder);
        var tokenizer = ModelTokenizer.LoadIfPresent(folder);
        var chat = prompt is { Messages.Count: > 0 } && tokenizer is not null ? ModelChat.Load(folder, tokenizer, prompt, time) : null;
        var engine = settings.Load(options => OffloadEngine.Load(folder, options));
        try
        {
            files.RequireUnchanged();
            tokenizer?.RequireVocabulary(engine.Shape.VocabularySize);
            RequireFit(options, engine.Shape.VocabularySize, tokenizer);
            return new LanguageModel(folder, engine, tokenizer, chat, settings, options);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>The ids of a prompt; only within its literals does the text of a control token stand for the token.</summary>
    /// <exception cref="RecordException">The folder has no tokenizer, or no slot has room for the prompt and a token more.</exception>
    public int[] Encode(Prompt prompt)
    {
        if (tokenizer is null)
        {
            throw NoTokenizer();
        }

        var tokens = OfRecord(() => prompt.Messages is { } messages ? chat!.Encode(messages) : tokenizer.Encode(prompt.Text, prompt.Literals),
            "tokenising its prompt");
        Require(tokens);
        return tokens;
    }

    /// <summary>The folder's chat template, for conversations in JSON.</summary>
    /// <exception cref="RecordException">The folder has no tokenizer.</exception>
    /// <exception cref="ChatTemplateException">It has no such template, or one that cannot be used.</exception>
    public ModelChat LoadChat(ChatSettings settings) => ModelChat.Load(folder, tokenizer ?? throw NoTokenizer(), settings);

    /// <exception cref="RecordException">The ids are not a prompt for this model.</exception>
    public void Require(int[] tokens)
    {
        try
        {
            engine.CheckPrompt(tokens);
        }
        catch (RequestException e)
        {
            throw new RecordException(e.Reason, e.Message);
        }
    }

    /// <summary>Generates from a prompt that passed <see cref="Require"/>.</summary>
    /// <exception cref="RecordException">Its logits are not numbers, say; the engine goes on with the others.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before it ended.</exception>
    public async Task<GeneratedText> GenerateAsync(int[] tokens, bool returnLogits, CancellationToken cancellationToken)
    {
        var matcher = tokenizer is null ? null : new StopMatcher(stops, tokenizer.CreateDecoder());
        var request = new GenerationRequest(tokens, ToSampling(options))
        {
            MaxNewTokens = options.MaxNewTokens,
            StopTokenIds = [.. options.StopTokenIds],
            IgnoreEos = options.IgnoreEos,
            StopAfter = matcher is null ? null : matcher.Append,
            ReturnLogits = returnLogits,
        };
        try
        {
            var sequence = await engine.GenerateAsync(request, cancellationToken);
            var text = matcher is null ? null : OfRecord(matcher.Finish, "reading its tokens as text");
            return new GeneratedText(sequence.TokenIds, text, matcher is { Stopped: true } ? FinishReason.Stop : sequence.FinishReason, sequence.Logits);
        }
        catch (RequestException e)
        {
            throw new RecordException(e.Reason, e.Message);
        }
    }

    public void Dispose() => engine.Dispose();

    private static RecordException NoTokenizer() =>
        new("no_tokenizer", "The model folder has no tokenizer to read text with: give prompt_token_ids, or add its tokenizer files.");

    private static void RequireFit(GenerationOptions options, int vocabularySize, Tokenizer? tokenizer)
    {
        if (options.Stop.Count > 0 && tokenizer is null)
        {
            throw new UsageException("generation.stop (--stop) needs a tokenizer, and the model folder has none. Tokens can be named by "
                + "generation.stopTokenIds (--stop-token-id).");
        }

        foreach (var id in options.StopTokenIds.Where(id => id >= vocabularySize))
        {
            throw new UsageException($"generation.stopTokenIds (--stop-token-id) holds {id}, but the model's token ids are 0 to {vocabularySize - 1}.");
        }
    }

    // A tokenizer that fails on one text still serves the others.
    private static T OfRecord<T>(Func<T> work, string doing)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (RecordException.IsOfRecord(e))
        {
            throw RecordException.Of(e, doing);
        }
    }

    private static SamplingOptions ToSampling(GenerationOptions options) => new()
    {
        Temperature = options.Temperature,
        TopK = options.TopK ?? 0,
        TopP = options.TopP ?? 1,
        RepetitionPenalty = options.RepetitionPenalty,
        Seed = options.Seed,
    };
}
