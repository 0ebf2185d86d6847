namespace FlexGen.Planning.Hardware;

/// <summary>
/// Decode attention over the KV cache in one format, on one device: seconds by the bytes of keys and values that are read. With grouped heads
/// each key is used by several queries, so that the same bytes are more arithmetic.
/// </summary>
/// <param name="Plain">One query head for each key head.</param>
/// <param name="Grouped">Four.</param>
public sealed record AttentionRates(Curve Plain, Curve Grouped)
{
    /// <summary>Query heads for each key head in what <see cref="Grouped"/> was measured with.</summary>
    public const int GroupedHeads = 4;

    /// <summary>Those of a format, or of another where it was not measured.</summary>
    /// <param name="measured">By the format's name.</param>
    /// <param name="format">The name.</param>
    public static AttentionRates Of(IReadOnlyDictionary<string, AttentionRates> measured, string format) =>
        measured.TryGetValue(format, out var found) ? found : measured.Values.First();

    /// <summary>Seconds of one layer's attention.</summary>
    /// <param name="bytes">Of keys and values, all sequences together.</param>
    /// <param name="group">Query heads for each key head.</param>
    public double Seconds(double bytes, int group)
    {
        var (plain, grouped) = (Plain.At(bytes), Grouped.At(bytes));
        return group == 1 ? plain : plain + ((grouped - plain) * Math.Log2(group) / Math.Log2(GroupedHeads));
    }
}
