namespace FlexGen.Demo.Data;

/// <summary>Which half of all words that names and cities are made of. No word belongs to both.</summary>
internal enum NameSet
{
    Train,
    Test,
}
