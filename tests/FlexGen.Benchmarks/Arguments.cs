using System.Globalization;

namespace FlexGen.Benchmarks;

/// <summary>Options of a benchmark's command line: <c>--name number</c>.</summary>
internal static class Arguments
{
    /// <summary>Replaces the defaults by what the command line gives.</summary>
    /// <returns>False, with the usage printed, where it gives anything else.</returns>
    public static async Task<bool> ReadAsync(string command, string[] args, Dictionary<string, int> values)
    {
        for (var i = 0; i < args.Length; i += 2)
        {
            var name = args[i].TrimStart('-');
            if (i + 1 == args.Length || !values.ContainsKey(name) || !int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var value))
            {
                await Console.Error.WriteLineAsync($"usage: {command} {string.Join(' ', values.Keys.Select(key => $"[--{key} N]"))}");
                return false;
            }

            values[name] = value;
        }

        return true;
    }
}
