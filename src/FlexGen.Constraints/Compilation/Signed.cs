namespace FlexGen.Constraints.Compilation;

/// <summary>A schema, or what it refuses, as one number: for sets of them.</summary>
internal static class Signed
{
    public static int Of(int schema, bool isNegated = false) => schema << 1 | (isNegated ? 1 : 0);

    public static int Schema(int signed) => signed >> 1;

    public static bool IsNegated(int signed) => (signed & 1) != 0;

    public static int Not(int signed) => signed ^ 1;
}
