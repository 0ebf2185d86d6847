using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace FlexGen.Worker.Tests;

/// <summary>What is not ours comes from one place, as it was once looked at, and is named in what is published.</summary>
[Trait("Category", "Long")]
public sealed class SupplyChainTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Each_package_of_each_project_is_locked_by_version_and_hash()
    {
        string[] folders = ["src", "tests", "pipelines/demo"];
        string[] projects = [.. folders.SelectMany(name => Directory.GetDirectories(Path.Combine(Repository.Root, name)))
            .Where(path => Directory.GetFiles(path, "*.csproj").Length > 0)];
        Assert.True(projects.Length > 15);
        foreach (var project in projects)
        {
            AssertLocked(Path.Combine(project, "packages.lock.json"));
            if (Path.GetFileName(Path.GetDirectoryName(project)) == "src")
            {
                AssertLocked(Path.Combine(project, "packages.none.lock.json"));
            }
        }
    }

    [Fact]
    public void Each_package_comes_from_one_source()
    {
        var mapping = XDocument.Load(Path.Combine(Repository.Root, "nuget.config")).Descendants("packageSourceMapping").Single();
        Assert.Equal("*", Assert.Single(Assert.Single(mapping.Elements()).Elements()).Attribute("pattern")?.Value);
    }

    [Fact]
    public void Images_of_others_are_given_by_digest_or_by_the_user_and_nobody_attaches_to_the_worker()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docker", "Dockerfile"));
        Assert.All(lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)), line => Assert.Matches(@"^FROM \$\{\w+\}", line));
        Assert.Single(lines, line => Regex.IsMatch(line, "^ARG SDK=.*@sha256:[0-9a-f]{64}$"));
        Assert.Contains("ENV DOTNET_EnableDiagnostics=0", lines);
        Assert.All(
            File.ReadAllLines(Path.Combine(Repository.Root, "docker", "compose.yaml")).Where(line => line.Contains("image:", StringComparison.Ordinal)),
            line => Assert.Matches("@sha256:[0-9a-f]{64}$", line));
    }

    [Fact]
    public async Task The_notices_name_every_package_that_is_published()
    {
        var start = new ProcessStartInfo("dotnet", [
            "msbuild", "src/FlexGen.Worker", "-t:WriteThirdPartyNotices", "-p:Configuration=Release", $"-p:PublishDir={folder}/", "-nologo", "-v:m", "-nr:false"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        };
        using var build = Process.Start(start)!;
        var said = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        Assert.True(build.ExitCode == 0, said);
        var notices = File.ReadAllText(Path.Combine(folder, "THIRD-PARTY-NOTICES.txt"));
        var published = Published();
        Assert.Contains(published, package => package.StartsWith("TorchSharp ", StringComparison.Ordinal));
        Assert.All(published, package => Assert.Contains($"\n{package}\n", notices, StringComparison.Ordinal));
        Assert.Contains("Permission is hereby granted", notices, StringComparison.Ordinal);
    }

    private static void AssertLocked(string path)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(path));
        foreach (var package in file.RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(framework => framework.Value.EnumerateObject()))
        {
            Assert.True(
                package.Value.GetProperty("type").GetString() == "Project" || package.Value.GetProperty("contentHash").GetString()!.Length > 80,
                $"{path}: {package.Name}");
        }
    }

    // Those of the built worker that files come from.
    private static string[] Published()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "flexgen.deps.json")));
        var libraries = file.RootElement.GetProperty("libraries");
        return [.. file.RootElement.GetProperty("targets").EnumerateObject().SelectMany(target => target.Value.EnumerateObject())
            .Where(package => libraries.GetProperty(package.Name).GetProperty("type").GetString() == "package"
                && (package.Value.TryGetProperty("runtime", out _) || package.Value.TryGetProperty("native", out _)))
            .Select(package => package.Name.Replace('/', ' '))];
    }
}
