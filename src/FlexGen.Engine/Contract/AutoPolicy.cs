using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;

namespace FlexGen.Engine;

/// <summary>What a policy is searched with where none is stated.</summary>
/// <param name="Profile">The machine in figures, given the device (cpu, cuda:0) and the type that is computed in. It is asked once.</param>
/// <param name="Workload">What is to be generated.</param>
public sealed record AutoPolicy(Func<string, ElementFormat, HardwareProfile> Profile, Workload Workload)
{
    /// <inheritdoc cref="Planning.Search.SearchRequest.Near"/>
    public Policy? Near { get; init; }
}
