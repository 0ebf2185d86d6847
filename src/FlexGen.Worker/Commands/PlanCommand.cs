using System.CommandLine;
using FlexGen.Engine;
using FlexGen.Engine.Models;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Policies;
using FlexGen.Worker.Profiling;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen plan</c>: the policy for a model on a machine, and what it will take.</summary>
internal sealed class PlanCommand
{
    private readonly Argument<string?> pipeline = new("PIPELINE.yaml")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "A pipeline: its model, options and source.",
    };

    private readonly Option<string> model = new("--model") { HelpName = "DIR", Description = "A Hugging Face checkpoint folder." };
    private readonly Option<string> shape = new("--shape") { HelpName = "NAME", Description = "A published model's shape, as for bench." };
    private readonly Option<string> hardware = new("--hardware")
    {
        HelpName = "NAME|FILE",
        Description = $"A machine that is not here: {string.Join(", ", KnownHardware.Names)}, or a file that flexgen profile --output wrote.",
    };

    private readonly Option<int?> gpus = new("--gpus")
    {
        HelpName = "N",
        Description = "Such GPUs in the host, each with a link of its own; by default 1, or all that this machine has where that pays.",
    };

    private readonly Option<int> prompt = new("--prompt-len") { HelpName = "N", Description = "Tokens of each prompt.", DefaultValueFactory = _ => 512 };
    private readonly Option<int> output = new("--gen-len") { HelpName = "N", Description = "Tokens generated for each.", DefaultValueFactory = _ => 32 };
    private readonly Option<long> count = new("--num-prompts") { HelpName = "N", Description = "How many prompts.", DefaultValueFactory = _ => 10000 };
    private readonly Option<bool> json = Report.JsonOption();
    private readonly IReadOnlyList<KeyedOption> engine = KeyedOption.ForEngine();

    public static Command Create()
    {
        var plan = new PlanCommand();
        var command = new DetailedCommand(
            "plan",
            "Finds the policy for a model on this or another machine, and says what it will take.",
            """
            Without a policy the best by the cost model is searched; one that is stated, in a file or by options, is predicted as it is. Nothing is loaded
            and nothing is written, but where this machine was never measured that is done first, as by flexgen profile.
            would_help names what would be faster: more memory, a faster link, and compression, which is never switched on unasked.

            Examples:
              flexgen plan pipelines/extract-demo.yaml
              flexgen plan --shape opt-30b --hardware t4 --prompt-len 512 --gen-len 32
              flexgen plan --shape opt-30b --hardware t4 --gpus 4
              flexgen plan --shape opt-175b --hardware t4 --host-memory 200GiB --compress-weights int4 --compress-kv int4 --json
              flexgen plan --shape opt-30b --hardware h100 --gpu-memory 16GiB --percent 17 83 0 100 100 0 --gpu-batch-size 30 --attention host
            """);
        command.Add(plan.pipeline);
        IEnumerable<Option> own = [plan.model, plan.shape, plan.hardware, plan.gpus, plan.prompt, plan.output, plan.count, plan.json];
        foreach (var option in own.Concat(plan.engine.Select(o => o.Option)))
        {
            command.Add(option);
        }

        command.SetAction((parse, cancellation) => plan.RunAsync(parse, cancellation));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var given = new[] { parse.GetValue(pipeline), parse.GetValue(model), parse.GetValue(shape) };
        if (given.Count(g => g is not null) != 1)
        {
            throw new UsageException("Name one of a pipeline file, --model DIR and --shape NAME: what is to be planned for.");
        }

        var options = parse.GetValue(pipeline) is { } file ? Load(parse, file) : null;
        var settings = options?.Engine ?? EngineSettings.Load(KeyedOption.Layer(parse, engine), KeyedOption.Names(parse, engine));
        try
        {
            await PrintAsync(parse, options, settings, cancellation);
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Text.Worded(settings.NameOf), e);
        }

        return ExitCode.Success;
    }

    private async Task PrintAsync(ParseResult parse, WorkerOptions? options, EngineSettings settings, CancellationToken cancellation)
    {
        settings.RequireEffect();
        var engineOptions = settings.ToOptions();
        var named = parse.GetValue(hardware) is { } name ? ProfileStore.Named(name) : ProfileStore.FromEnvironment();
        var onGpu = named?.Compute.IsGpu ?? ModelPlanner.IsGpu(engineOptions.Device);
        var folder = options is null ? parse.GetValue(model) : options.Model!.Path;
        if (folder is null && options is not null)
        {
            throw new UsageException("model.path names no model: the echo needs no plan.");
        }

        var planner = folder is null ? ModelPlanner.OfShape(parse.GetValue(shape)!, engineOptions, onGpu)
            : ModelPlanner.OfFolder(ModelTokenizer.Find(folder), engineOptions, onGpu);
        var expected = options is null ? null : await PipelineWorkload.OfAsync(options, ModelTokenizer.Find(folder!), cancellation);
        var workload = expected?.Workload ?? Uniform(parse, planner.Outline.Shape, engineOptions.MaxSequenceLength);
        if (options is null && engineOptions.MaxSequenceLength is null)
        {
            engineOptions = engineOptions with { MaxSequenceLength = Math.Max(2, workload.Longest) };
        }

        var machine = named ?? ProfileStore.OfUser(Environment.GetEnvironmentVariable).Obtain(
            ProfileStore.Options(engineOptions with { DataType = planner.Outline.Format.Name }),
            text => ErrorStream.Say("plan", text),
            Report.Warn,
            cancellation: cancellation);
        var searched = settings.StatesPolicy ? engineOptions : engineOptions with { Auto = new((_, _) => machine, workload) };
        var (devices, fixes) = Devices(parse, machine, engineOptions.Device);
        var choice = devices == 1 || fixes ? null : OrSmaller(parse, o => o.Choose(machine, devices, searched, workload), planner, searched, machine);
        machine = machine.With(choice?.Count ?? devices);
        var cost = new CostModel(planner.Outline, machine);
        var plan = choice?.Chosen.Plan ?? OrSmaller(parse, o => o.Plan(machine, searched), planner, searched, machine);
        workload = workload.Within(plan.Policy.SequenceLength);
        var prediction = choice?.Chosen ?? cost.Predict(plan, workload, new(searched.Overlap));
        var alternatives = settings.StatesPolicy ? [] : new Alternatives(planner, machine, searched).Of(prediction);
        PlanReport.Of(folder ?? parse.GetValue(shape)!, planner.Outline, machine, workload, expected?.Basis, prediction, alternatives, choice)
            .Print(parse.GetValue(json));
        if (!parse.GetValue(json))
        {
            Console.Out.WriteLine();
            Console.Out.Write(PlanPicture.Tiers(prediction.Plan, machine));
            Console.Out.WriteLine();
            Console.Out.Write(PlanPicture.Timeline(cost.Picture(prediction.Plan, workload), planner.Outline.Layers.Count));
        }
    }

    /// <summary>
    /// How many compute devices there are, and whether all are planned for: those that are asked for, by their number or by the names of this machine's own,
    /// are.
    /// </summary>
    private (int Count, bool Fixed) Devices(ParseResult parse, HardwareProfile machine, string device)
    {
        if (parse.GetValue(gpus) is { } count)
        {
            return count >= 1 && machine.Compute.IsGpu ? (count, true)
                : throw new UsageException($"--gpus is {count}, and the machine is {machine.Name}: give 1 or more, of a machine with a GPU.");
        }

        var isHere = parse.GetValue(hardware) is null;
        return isHere && device != "auto" ? (ModelPlanner.DeviceCount(device), true)
            : (isHere && ModelPlanner.GpuCount is > 0 and var here ? here : machine.DeviceCount, false);
    }

    /// <exception cref="EngineException">It does not fit; of a published shape, the message names the largest of its family that would.</exception>
    private T OrSmaller<T>(ParseResult parse, Func<ModelPlanner, T> plan, ModelPlanner planner, EngineOptions options, HardwareProfile machine)
    {
        try
        {
            return plan(planner);
        }
        catch (EngineException e) when (e.IsOfMemory && parse.GetValue(shape) is { } name && PublishedShapes.Smaller(name).Any())
        {
            var (fitting, none) = (PublishedShapes.Smaller(name).FirstOrDefault(Fits), "None of the smaller ones of its family fits either");
            throw new EngineException(new EngineMessage($"{e.Text}. {(fitting is null ? none : $"{fitting} is the largest of its family that fits")}"), e);
        }

        bool Fits(string name)
        {
            try
            {
                return plan(ModelPlanner.OfShape(name, options, machine.Compute.IsGpu)) is not null;
            }
            catch (EngineException)
            {
                return false;
            }
        }
    }

    private WorkerOptions Load(ParseResult parse, string file)
    {
        if (new Option[] { prompt, output, count }.FirstOrDefault(o => IsGiven(parse, o)) is { } idle)
        {
            throw new UsageException($"{idle.Name} has no effect beside a pipeline file, whose source says what there is; leave it out.");
        }

        var options = WorkerOptions.Load(file, [], KeyedOption.Layer(parse, engine, "engine:"));
        options.Engine.Named(KeyedOption.Names(parse, engine, "engine."));
        return options;
    }

    /// <summary>As many tokens as are asked for; what is not asked for is less than its default where the slots have no room for that.</summary>
    private Workload Uniform(ParseResult parse, ModelShape model, int? slot)
    {
        (Option, long)[] given = [(prompt, parse.GetValue(prompt)), (output, parse.GetValue(output)), (count, parse.GetValue(count))];
        foreach (var (option, value) in given)
        {
            if (value is < 1 or > 1L << 40)
            {
                throw new UsageException($"{option.Name} is {value}; give 1 or more.");
            }
        }

        var (room, prompts, outputs) = (Math.Min(slot ?? model.ContextLength, model.ContextLength), parse.GetValue(prompt), parse.GetValue(output));
        outputs = IsGiven(parse, output) ? outputs : Math.Clamp(room - (IsGiven(parse, prompt) ? prompts : room / 2), 1, outputs);
        prompts = IsGiven(parse, prompt) ? prompts : Math.Clamp(room - outputs, 1, prompts);
        if ((long)prompts + outputs <= room)
        {
            return Workload.Uniform(prompts, outputs, parse.GetValue(count));
        }

        var (whose, more) = room < model.ContextLength ? ("a slot", ", or raise --max-sequence-length") : (model.Name, "");
        throw new UsageException($"{prompt.Name} {prompts} and {output.Name} {outputs} are {(long)prompts + outputs} tokens together, and {whose} has room for "
            + $"{room}: lower one of them{more}.");
    }

    private static bool IsGiven(ParseResult parse, Option option) => parse.GetResult(option) is { Implicit: false };
}
