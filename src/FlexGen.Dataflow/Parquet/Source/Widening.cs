using FlexGen.Dataflow.Columns;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Which types take the values of which others without loss.</summary>
internal static class Widening
{
    private static readonly string[][] fromNarrowToWide =
    [
        ["int8 as int32", "int16 as int32", "int32", "int64"],
        ["uint8 as int32", "uint16 as int32", "int32", "int64"],
        ["float", "double"],
    ];

    public static bool Takes(ColumnType wide, ColumnType narrow) =>
        fromNarrowToWide.Any(types => Array.IndexOf(types, narrow.Name) is >= 0 and var from && Array.IndexOf(types, wide.Name) > from);
}
