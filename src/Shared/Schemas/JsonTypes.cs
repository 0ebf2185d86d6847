namespace FlexGen.Schemas;

/// <summary>Types that a schema allows. A number that is whole, however it is written, is an integer.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Object = 4,
    Array = 8,
    String = 16,
    Number = 32,
    Integer = 64,
    All = 127,
}
