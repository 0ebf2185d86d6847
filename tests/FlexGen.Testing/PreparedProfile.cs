using System.Runtime.CompilerServices;

namespace FlexGen.Testing;

/// <summary>A machine's figures for all that plans here and in processes that are started from here, so that no test measures one.</summary>
internal static class PreparedProfile
{
    private const string Variable = "FLEXGEN_PROFILE";

    public static string File { get; } = Path.Combine(AppContext.BaseDirectory, "two-cores.json");

    /// <summary>
    /// Sets it, unless another is set. It is of a machine without a GPU: where there is one, that is measured, once. What runs keep for the next is not
    /// the user's.
    /// </summary>
    [ModuleInitializer]
    internal static void Use()
    {
        if (!System.IO.File.Exists("/dev/nvidiactl") && Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 })
        {
            Environment.SetEnvironmentVariable(Variable, File);
            Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(AppContext.BaseDirectory, "cache"));
        }
    }
}
