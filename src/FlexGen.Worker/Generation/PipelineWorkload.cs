using FlexGen.Dataflow;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Lengths;
using FlexGen.Worker.Policies;
using FlexGen.Worker.Reporting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlexGen.Worker.Generation;

/// <summary>What a pipeline will generate, by a sample of its own source.</summary>
internal static class PipelineWorkload
{
    /// <param name="options">The pipeline.</param>
    /// <param name="folder">The model's.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="PipelineException">Something that the pipeline names is missing or does not fit.</exception>
    public static async Task<ExpectedWorkload> OfAsync(WorkerOptions options, string folder, CancellationToken cancellation)
    {
        var found = await Pipeline.ValidateAsync(options, Environment.CurrentDirectory, NullLoggerFactory.Instance, cancellation, Workloads.Sampled);
        var tokenizer = ModelTokenizer.LoadIfPresent(folder);
        var chat = options.Prompt.Messages.Count > 0 && tokenizer is not null ? ModelChat.Load(folder, tokenizer, options.Prompt, TimeProvider.System) : null;
        var lengths = found.Sample.Select(prompt => LanguageModel.Length(prompt, tokenizer, chat)).Where(n => n > 0).ToList();
        var earlier = LengthStore.OfUser().Load(LengthKey.Of(options, folder));
        Report.Warn(earlier.Warning);
        if (found.TotalRecords == 0)
        {
            throw new PipelineException("the source has no records, and a plan is for some: name a source that has, or plan with --model.");
        }

        // Where all are done already, for as many again.
        var left = found.TotalRecords - found.RecordsAlreadyDone;
        return Workloads.Of(lengths, earlier.Lengths, options.Generation.MaxNewTokens, left > 0 ? left : found.TotalRecords);
    }
}
