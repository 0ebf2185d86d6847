namespace FlexGen.Planning.Hardware;

/// <summary>Products with weights of more rows than columns, such as a feed-forward network's first and a vocabulary's.</summary>
/// <param name="Ratio">Rows of the weight by its columns, above 1.</param>
/// <param name="Products">Their times, which is not of taller ones itself.</param>
public sealed record TallProducts(double Ratio, ProductTable Products);
