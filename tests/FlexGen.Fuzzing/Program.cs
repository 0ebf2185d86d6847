using System.Globalization;
using FlexGen.Fuzzing;
using FlexGen.Fuzzing.Targets;
using SharpFuzz;

FuzzTarget[] targets =
[
    new ParquetTarget(), new SafetensorsTarget(), new ConfigTarget(), new TokenizerTarget(), new TokenizerConfigTarget(), new SentencePieceTarget(),
    new TemplateTarget(), new SchemaTarget(), new MessageTarget(), new ChatTemplateTarget(),
];
switch (args)
{
    case ["list"]:
        Console.WriteLine(string.Join('\n', targets.Select(target => target.Name)));
        return 0;
    case ["mutate", var name, var seconds, .. var rest]:
        var seed = rest is [var given] ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.TickCount;
        var chosen = Named(name);
        var each = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)) / chosen.Length;
        return chosen.Sum(target => new MutationLoop(target, seed).Run(each)) == 0 ? 0 : 1;
    case ["replay", var name, .. var files]:
        foreach (var file in files)
        {
            Console.WriteLine($"{file}: {Named(name)[0].Run(File.ReadAllBytes(file)) ?? "read"}");
        }

        return 0;
    case ["seeds", var name, var folder]:
        Directory.CreateDirectory(folder);
        foreach (var (index, bytes) in Named(name)[0].Seeds().Index())
        {
            File.WriteAllBytes(Path.Combine(folder, $"{index}"), bytes);
        }

        return 0;
    case ["afl", var name]:
        var target = Named(name)[0];
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            target.Run(bytes.ToArray());
        });
        return 0;
    default:
        Console.Error.WriteLine("list | mutate TARGET|all SECONDS [SEED] | replay TARGET FILE... | seeds TARGET FOLDER | afl TARGET");
        return 2;
}

FuzzTarget[] Named(string name) => name == "all" ? targets
    : [Array.Find(targets, target => target.Name == name) ?? throw new ArgumentException($"no target '{name}': {string.Join(", ", targets.Select(t => t.Name))}")];
