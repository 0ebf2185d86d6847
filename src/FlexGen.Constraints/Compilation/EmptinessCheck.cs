using System.Text.Json;
using FlexGen.Constraints.Schemas;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>Sees of some schemas whether no value fits them all, as far as types, texts, numbers and words say it.</summary>
/// <param name="library">The schemas.</param>
/// <param name="scalars">Their languages.</param>
internal sealed class EmptinessCheck(SchemaLibrary library, ScalarLanguages scalars)
{
    private const int MostDeep = 16;

    private readonly Dictionary<string, bool> known = [];

    public bool AreSeenEmpty(int[] signed)
    {
        if (signed.Length == 0)
        {
            return false;
        }

        var key = string.Join(' ', signed);
        if (!known.TryGetValue(key, out var isEmpty))
        {
            known[key] = isEmpty = !Array.TrueForAll(signed, each => MayBe(each, JsonTypes.Object, 0)) && !Array.TrueForAll(signed, each
                => MayBe(each, JsonTypes.Array, 0))
                && Array.TrueForAll(Enum.GetValues<ScalarKind>(), kind => scalars.Find(signed, kind).IsEmpty);
        }

        return isEmpty;
    }

    private bool MayBe(int signed, JsonTypes type, int depth)
    {
        var schema = library[Signed.Schema(signed)];
        if (depth > MostDeep)
        {
            return true;
        }

        if (Signed.IsNegated(signed))
        {
            return !schema.SaysNothing;
        }

        var isListed = schema.Listed.TrueForAll(
            values => Array.Exists(values, value => value.ValueKind == (type == JsonTypes.Object ? JsonValueKind.Object : JsonValueKind.Array)));
        return !schema.RefusesAll && schema.Types.HasFlag(type) && isListed
            && (schema.Reference < 0 || MayBe(Signed.Of(schema.Reference), type, depth + 1))
            && Array.TrueForAll(schema.AllOf, each => MayBe(Signed.Of(each), type, depth + 1))
            && (schema.AnyOf is not { } any || Array.Exists(any, each => MayBe(Signed.Of(each), type, depth + 1)))
            && (schema.OneOf is not { } one || Array.Exists(one, each => MayBe(Signed.Of(each), type, depth + 1)));
    }
}
