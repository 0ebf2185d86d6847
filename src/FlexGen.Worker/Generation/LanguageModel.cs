using System.Collections.Concurrent;
using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Engine;
using FlexGen.Engine.Checkpoints;
using FlexGen.Planning.Cost;
using FlexGen.Tokenizers;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Policies;

namespace FlexGen.Worker.Generation;

/// <summary>A loaded checkpoint with its tokenizer, where the folder has one.</summary>
internal sealed class LanguageModel : IDisposable
{
    private readonly OffloadEngine engine;
    private readonly Tokenizer? tokenizer;
    private readonly CompletionForm standard;
    private readonly string folder;
    private readonly IncrementalDecoder? decoder;
    private readonly ConcurrentDictionary<string, Lazy<TokenBytes>> tokens = new();
    private readonly ModelChat? chat;

    private LanguageModel(
        string folder, OffloadEngine engine, Tokenizer? tokenizer, ModelChat? chat, EngineSettings settings, GenerationOptions options, OutputOptions? output)
    {
        this.folder = folder;
        this.engine = engine;
        this.chat = chat;
        Warning = engine.Warning?.Worded(settings.NameOf);
        (this.tokenizer, decoder) = (tokenizer, tokenizer?.CreateDecoder());
        standard = output is not { IsConstrained: true } ? Form(options, null, hasReasoning: output?.Reasoning ?? false)
            : Form(options, tokens => OutputConstraint.Of(output, tokens, decoder?.HidesFirstSpace == true), output.CloseInTime ?? true, output.Reasoning);
        if (standard.TooFewTokens is { } tooFew)
        {
            throw new UsageException($"generation.maxNewTokens is {tooFew}: raise it, ask for less, or write output.closeInTime: false, to have outputs cut.");
        }
    }

    public bool HasTokenizer => tokenizer is not null;

    /// <summary>Sequences that run at once.</summary>
    public int Slots => engine.Policy.EffectiveBatchSize;

    /// <summary>The most GPU memory in use after a sweep, the CUDA context included; 0 without a GPU.</summary>
    public IReadOnlyList<long> PeakGpuBytes => engine.Statistics.PeakGpuBytes;

    /// <summary>What completions may be, as it was asked for when the model was loaded; null: any text.</summary>
    public Constraint? Constraint => standard.Constraint;

    /// <summary>What was loaded, for a log line.</summary>
    public string Description =>
        $"{engine.Shape.Name}, {engine.Shape.DecoderLayers} layers, on {engine.Description}; {Slots} slots of {engine.Policy.SequenceLength} tokens";

    /// <inheritdoc cref="OffloadEngine.Warning"/>
    public string? Warning { get; }

    /// <inheritdoc cref="EnginePlanner.Plan"/>
    public RunPlan? Plan { get; private init; }

    /// <inheritdoc cref="OffloadEngine.Statistics"/>
    public EngineStatistics Statistics => engine.Statistics;

    /// <inheritdoc cref="OffloadEngine.Work"/>
    public IReadOnlyDictionary<Resource, ResourceWork> Work => engine.Work;

    /// <summary>Loads a Hugging Face checkpoint folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="settings">How it is run.</param>
    /// <param name="options">How its completions are made.</param>
    /// <param name="output">What they may be; null: any text.</param>
    /// <param name="prompt">What prompts are made of, where that is known; null: of texts.</param>
    /// <param name="time">Where chat templates have the date from.</param>
    /// <param name="planning">What a policy that is not stated is searched with; null: all is on the compute device then.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="UsageException">It cannot be made so with this model.</exception>
    /// <exception cref="EngineException">The settings cannot be met on this machine.</exception>
    /// <exception cref="CheckpointException">The folder is not a checkpoint that can be run, or changed meanwhile.</exception>
    /// <exception cref="TokenizerException">Its tokenizer cannot be read or does not fit the model.</exception>
    /// <exception cref="ChatTemplateException">The prompt has messages, and the folder's chat template cannot be used.</exception>
    public static LanguageModel Load(
        string path, EngineSettings settings, GenerationOptions options, OutputOptions? output = null, PromptOptions? prompt = null, TimeProvider? time = null,
        RunPlanning? planning = null)
    {
        var folder = ModelTokenizer.Find(path);
        ModelFolder.RequireModel(folder);
        var files = ModelFiles.In(folder);
        var tokenizer = ModelTokenizer.LoadIfPresent(folder);
        var chat = prompt is { Messages.Count: > 0 } && tokenizer is not null ? ModelChat.Load(folder, tokenizer, prompt, time) : null;
        var planner = planning is null ? null : new EnginePlanner(settings, planning.Say, planning.Warn, planning.Chosen);
        var workload = new Lazy<ExpectedWorkload>(() => planning!.Workload(p => Length(p, tokenizer, chat)));
        var engine = planner?.Load(Open, () => workload.Value.Workload) ?? settings.Load(Open);
        try
        {
            files.RequireUnchanged();
            tokenizer?.RequireVocabulary(engine.Shape.VocabularySize);
            return new LanguageModel(folder, engine, tokenizer, chat, settings, options, output) { Plan = planner?.Plan(engine, workload.Value) };
        }
        catch
        {
            engine.Dispose();
            throw;
        }

        OffloadEngine Open(EngineOptions options) => OffloadEngine.Load(folder, options);
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

    /// <summary>How completions are made that options ask for.</summary>
    /// <param name="options">How they are sampled and when they end.</param>
    /// <param name="compile">Says what they may be, for the model's tokens; null: any text.</param>
    /// <param name="closesInTime">Whether they are closed where the rest of the budget is just enough for it.</param>
    /// <param name="hasReasoning">Whether reasoning is told apart.</param>
    /// <exception cref="UsageException">They cannot be made so with this model.</exception>
    public CompletionForm Form(GenerationOptions options, Func<TokenBytes, Constraint?>? compile, bool closesInTime = true, bool hasReasoning = false)
    {
        RequireFit(options, engine.Shape.VocabularySize, tokenizer);
        if ((compile is not null || hasReasoning) && tokenizer is null)
        {
            throw new UsageException("output needs a tokenizer, which says what tokens write, and the model folder has none.");
        }

        var reasoning = hasReasoning ? ReasoningTokens.Find(tokenizer!) ?? throw new UsageException(
            "output.reasoning needs tokens that begin and end it, and this model's tokenizer has none of those known "
            + $"({ReasoningTokens.Known}): leave it out.") : null;
        var stops = new StopTexts(options.Stop, tokenizer?.ControlTokens ?? []);
        return new CompletionForm(options, stops, compile?.Invoke(TokensOf(options)), closesInTime, reasoning);
    }

    /// <summary>What the model's tokens write; those that end a completion end what it may be.</summary>
    /// <exception cref="RecordException">The folder has no tokenizer.</exception>
    public TokenBytes TokensOf(GenerationOptions options)
    {
        var texts = tokenizer ?? throw NoTokenizer();
        return tokens.GetOrAdd(string.Join(' ', options.StopTokenIds), _ => new(() => new TokenBytes(
            [.. Enumerable.Range(0, engine.Shape.VocabularySize).Select(BytesOf)],
            [.. engine.EndOfSequenceIds.Union(options.StopTokenIds)],
            text => texts.Encode(text, addSpecialTokens: false)))).Value;
    }

    /// <summary>What a token writes within a text; null: nothing.</summary>
    public byte[]? BytesOf(int token) => decoder?.BytesOf(token);

    /// <summary>Generates from a prompt that passed <see cref="Require"/>.</summary>
    /// <param name="tokens">The prompt.</param>
    /// <param name="returnLogits">Whether to return the logits after it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <param name="form">How; null: as it was asked for when the model was loaded.</param>
    /// <exception cref="RecordException">No slot has room for a whole output, or its logits are no numbers, say; the engine goes on with others.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before it ended.</exception>
    public async Task<GeneratedText> GenerateAsync(int[] tokens, bool returnLogits, CancellationToken cancellationToken, CompletionForm? form = null)
    {
        form ??= standard;
        var options = form.Options;
        RequireRoom(form, tokens.Length);
        var text = tokenizer is null ? null : new OutputText(form, tokenizer, tokens);
        var request = new GenerationRequest(tokens, form.Sampling)
        {
            MaxNewTokens = options.MaxNewTokens,
            StopTokenIds = [.. options.StopTokenIds],
            IgnoreEos = options.IgnoreEos,
            Rule = text?.Rule([.. engine.EndOfSequenceIds, .. options.StopTokenIds]),
            StopAfter = text is null ? null : text.Append,
            ReturnLogits = returnLogits,
            TopLogProbabilities = form.TopLogProbabilities,
        };
        try
        {
            var sequence = await engine.GenerateAsync(request, cancellationToken);
            return text is null
                ? new GeneratedText(sequence.TokenIds, null, sequence.FinishReason, sequence.Logits)
                : OfRecord(() => text.Finish(sequence, engine.Policy.SequenceLength), "reading its tokens as text");
        }
        catch (RequestException e)
        {
            throw new RecordException(e.Reason, e.Message);
        }
    }

    public void Dispose() => engine.Dispose();

    /// <summary>Tokens of a prompt, for planning; 0: it is none.</summary>
    internal static int Length(Prompt prompt, Tokenizer? tokenizer, ModelChat? chat)
    {
        try
        {
            return prompt.Messages is { } messages ? chat?.Encode(messages).Length ?? 0 : tokenizer?.Encode(prompt.Text, prompt.Literals).Length ?? 0;
        }
        catch (Exception e) when (RecordException.IsOfRecord(e))
        {
            return 0;
        }
    }

    private void RequireRoom(CompletionForm form, int prompt)
    {
        var room = engine.Policy.SequenceLength - prompt;
        if (form.Reserve > room)
        {
            throw new RecordException("output_incomplete", $"the shortest output that is allowed takes {form.Reserve} tokens, and a slot of "
                + $"{engine.Policy.SequenceLength} has room for {room} after a prompt of {prompt}: raise the maximum sequence length if the model's context "
                + "allows it, shorten the prompt, or ask for less.");
        }
    }

    private static RecordException NoTokenizer() =>
        new("no_tokenizer", "The model folder has no tokenizer to read text with: give prompt_token_ids, or add its tokenizer files.");

    private static void RequireFit(GenerationOptions options, int vocabularySize, Tokenizer? tokenizer)
    {
        if (options.Stop.Count > 0 && tokenizer is null)
        {
            throw new UsageException("generation.stop needs a tokenizer, and the model folder has none. Tokens can be named by "
                + "generation.stopTokenIds.");
        }

        foreach (var id in options.StopTokenIds.Where(id => id >= vocabularySize))
        {
            throw new UsageException($"generation.stopTokenIds holds {id}, but the model's token ids are 0 to {vocabularySize - 1}.");
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
}
