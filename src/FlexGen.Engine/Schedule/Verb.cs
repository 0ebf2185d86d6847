namespace FlexGen.Engine.Schedule;

/// <summary>What a step does. Loads bring to the compute device, stores take home.</summary>
public enum Verb
{
    LoadWeights,
    LoadCache,
    LoadHidden,
    Compute,
    StoreHidden,
    StoreCache,
}
