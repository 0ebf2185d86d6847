namespace FlexGen.Planning.Cost;

/// <summary>Which resources there are.</summary>
public static class Resources
{
    /// <summary>Whether each compute device has one of its own; all share the others.</summary>
    public static bool IsOfADevice(this Resource resource) => resource is Resource.Compute or Resource.ToGpu or Resource.ToHost;
}
