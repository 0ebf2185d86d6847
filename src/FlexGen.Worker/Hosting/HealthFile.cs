using System.Text;
using FlexGen.Files;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Hosting;

/// <summary>
/// Writes the time to the file that <c>FLEXGEN_HEALTH_FILE</c> names as long as the process gets anything done: a container's health
/// check looks at the file's age.
/// </summary>
internal static class HealthFile
{
    private const string Variable = "FLEXGEN_HEALTH_FILE";
    private static readonly TimeSpan period = TimeSpan.FromSeconds(10);

    /// <returns>What ends the writing when disposed; null where the variable is not set.</returns>
    /// <exception cref="UsageException">The file cannot be written.</exception>
    public static ITimer? Keep(TimeProvider time)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
        {
            return null;
        }

        try
        {
            Write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{Variable} names {path}, which cannot be written: {e.Message}");
        }

        return time.CreateTimer(_ => WriteIfPossible(), null, period, period);

        void Write() => RegularFile.WriteAll(path, Encoding.ASCII.GetBytes($"{time.GetUtcNow():O}\n"));

        // A full disk is not this file's error to report: the file grows old, and the check fails.
        void WriteIfPossible()
        {
            try
            {
                Write();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }
    }
}
