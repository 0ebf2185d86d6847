using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FlexGen.Structure.Tests;

/// <summary>A file of a project that names something of another file of it. Comments do not count.</summary>
/// <param name="From">The file, from the project's folder.</param>
/// <param name="To">The file that has what is named.</param>
/// <param name="Word">The name.</param>
/// <param name="Line">Where it first stands.</param>
internal sealed record SourceUse(string From, string To, string Word, int Line)
{
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; "
        + "global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    private static readonly MetadataReference[] references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    private static readonly ConcurrentDictionary<string, Lazy<IReadOnlyList<SourceUse>>> found = [];

    public static IReadOnlyList<SourceUse> Of(string project) => found.GetOrAdd(project, p => new(() => Find(p))).Value;

    private static IReadOnlyList<SourceUse> Find(string project)
    {
        var folder = Path.Combine(Repository.Root, project);
        var trees = SourceFiles.Of(project).Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(folder, path)), path: path)).ToList();
        var name = Path.GetFileNameWithoutExtension(Directory.EnumerateFiles(folder, "*.csproj").Single());
        var compilation = CSharpCompilation.Create(
            name,
            [.. trees, CSharpSyntaxTree.ParseText(ImplicitUsings)],
            references.Where(reference => Path.GetFileNameWithoutExtension(reference.Display) != name),
            new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        var uses = new List<SourceUse>();
        foreach (var tree in trees)
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var named in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                if (FileOf(model.GetSymbolInfo(named), tree.FilePath) is { } file)
                {
                    uses.Add(new(tree.FilePath, file, named.Identifier.Text, named.GetLocation().GetLineSpan().StartLinePosition.Line + 1));
                }
            }
        }

        return [.. uses.DistinctBy(use => (use.From, use.To))];
    }

    /// <summary>The file that declares a symbol's type, where that is not <paramref name="from"/> or one beside it.</summary>
    private static string? FileOf(SymbolInfo info, string from)
    {
        // A method whose overload is not found, since what a source generator makes is lacking, is one of the candidates all the same.
        var symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
        var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
        var files = type?.OriginalDefinition.DeclaringSyntaxReferences.Select(reference => reference.SyntaxTree.FilePath).ToList() ?? [];
        return files.Count == 0 || files.Contains(from) ? null : files[0];
    }
}
