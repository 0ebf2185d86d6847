namespace FlexGen.Planning.Schedule;

/// <summary>What a step does. Loads bring to the compute device, stores take home; what is between computes.</summary>
public enum Verb
{
    /// <summary>Takes the tokens that came of the micro-batch's last sweep, and what goes into its slots: where sweeps overlap.</summary>
    Begin,

    /// <summary>Brings a page of a layer's weights.</summary>
    LoadWeights,

    /// <summary>Brings the keys and values that a layer's attention will read.</summary>
    LoadCache,

    /// <summary>Brings the hidden states that a layer begins with.</summary>
    LoadHidden,

    /// <summary>Computes queries, keys and values from the hidden states; of a layer without attention, the embedding or the head, all.</summary>
    Project,

    /// <summary>Starts the attention, which may run in host memory while the compute device does something else.</summary>
    Attend,

    /// <summary>Waits for the attention and computes the rest of the layer: the output projection and the feed-forward network.</summary>
    Complete,

    /// <summary>Takes the hidden states home.</summary>
    StoreHidden,

    /// <summary>Takes the new keys and values home.</summary>
    StoreCache,
}
