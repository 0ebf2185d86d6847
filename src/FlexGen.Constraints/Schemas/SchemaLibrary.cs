using System.Text.Json;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Schemas;

/// <summary>The schemas of a file, by number, each read when it is first asked for.</summary>
internal sealed partial class SchemaLibrary
{
    private const int MostSchemas = 200_000;
    private const int MostDeep = 400;

    private readonly bool isLimited;
    private readonly SchemaDialect dialect;
    private readonly SchemaPlaces places;
    private readonly List<(KeywordValue Source, Schema? Schema)> schemas = [];
    private readonly Dictionary<string, int> numbers = [];

    /// <param name="root">The file.</param>
    /// <param name="isLimited">Whole numbers are of 64 bits.</param>
    /// <exception cref="ConstraintException">It is no schema of a version that is known.</exception>
    public SchemaLibrary(JsonElement root, bool isLimited)
    {
        this.isLimited = isLimited;
        dialect = SchemaDialect.Undeclared;
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("$schema", out var uri))
        {
            var text = new KeywordValue(uri, "#/$schema").Text();
            dialect = SchemaDialect.Of(text) ?? throw new ConstraintException("#/$schema", $"is '{text}'; known are: {SchemaDialect.KnownUris}");
        }

        places = new SchemaPlaces(root, "#", dialect);
        if (places.Deepest.Depth > MostDeep)
        {
            throw new ConstraintException(places.Deepest.Location, $"is more than {MostDeep} schemas deep");
        }

        HasUnevaluated = root.GetRawText().Contains("\"unevaluated", StringComparison.Ordinal);
        NumberFor(new KeywordValue(root, "#"));
    }

    /// <summary>The whole file.</summary>
    public static int Root => 0;

    /// <summary>Some schema speaks of what others do not evaluate, as it seems.</summary>
    public bool HasUnevaluated { get; }

    /// <summary>What <c>contains</c> finds is evaluated.</summary>
    public bool ContainsEvaluates => dialect.Version >= SchemaVersion.Draft2020;

    /// <summary>The schema that nothing fits.</summary>
    public int Nothing => NumberFor(new KeywordValue(JsonElement.Parse("false"), "#false"));

    /// <summary>Keywords that say nothing of values, and that are no notes.</summary>
    public List<UnenforcedKeyword> Unknown { get; } = [];

    /// <exception cref="ConstraintException">It is no schema.</exception>
    public Schema this[int number] => schemas[number].Schema ?? Read(number);

    public int NumberOf(Schema schema) => numbers[schema.Location];

    private int NumberFor(KeywordValue source)
    {
        if (!numbers.TryGetValue(source.Location, out var number))
        {
            number = schemas.Count < MostSchemas ? schemas.Count : throw source.Refused($"is one of more than {MostSchemas} schemas");
            numbers[source.Location] = number;
            schemas.Add((source, null));
        }

        return number;
    }

    private Schema Read(int number)
    {
        var source = schemas[number].Source;
        var schema = new Schema(source.Location) { RefusesAll = source.Element.ValueKind == JsonValueKind.False };
        schemas[number] = (source, schema);
        if (source.Element.ValueKind == JsonValueKind.Object)
        {
            Fill(schema, source.Element);
        }
        else if (!source.IsFlag)
        {
            throw source.Refused("is no schema: a schema is an object, true or false");
        }

        var reference = schema.Reference;
        schema.SaysNothing = IsEmpty(schema);
        schema.Reference = -1;
        schema.RefersOnly = reference >= 0 && IsEmpty(schema);
        schema.Reference = reference;
        return schema;
    }

    private static bool IsEmpty(Schema schema) =>
        schema is
        {
            RefusesAll: false,
            Types: JsonTypes.All,
            Listed: [],
            Min: null,
            Max: null,
            MultipleOf: null,
            MinLength: 0,
            MaxLength: long.MaxValue,
            Pattern: null,
            Format: null,
            UnevaluatedProperties: < 0,
            NamesProperties: false,
            Required: [],
            MinProperties: 0,
            MaxProperties: long.MaxValue,
            DependentRequired: [],
            DependentSchemas: [],
            NamesItems: false,
            UnevaluatedItems: < 0,
            MinItems: 0,
            MaxItems: long.MaxValue,
            UniqueItems: false,
            Contains: < 0,
            Reference: < 0,
            AllOf: [],
            AnyOf: null,
            OneOf: null,
            Not: < 0,
            If: < 0,
        };

    private void Fill(Schema schema, JsonElement element)
    {
        var isAlone = dialect.ReferenceStandsAlone && element.TryGetProperty("$ref", out _);
        foreach (var keyword in element.EnumerateObject())
        {
            if (!isAlone || keyword.Name == "$ref")
            {
                Read(keyword.Name, new KeywordValue(keyword.Value, SchemaShape.Below(schema.Location, keyword.Name)), schema, element);
            }
        }
    }

    private int Numbered(KeywordValue value) => NumberFor(value);

    private int[] NumberedAll(KeywordValue value) => [.. value.Items().Select(NumberFor)];

    private (string, int)[] NumberedMembers(KeywordValue value) => [.. value.Members().Select(member => (member.Name, NumberFor(member.Value)))];

    /// <summary>A schema of one object or array, and of what is in it.</summary>
    private int Constant(JsonElement value, string location)
    {
        var number = NumberFor(new KeywordValue(value, location));
        var schema = new Schema(location);
        schemas[number] = (schemas[number].Source, schema);
        if (value.ValueKind == JsonValueKind.Object)
        {
            schema.Types = JsonTypes.Object;
            schema.Properties = [.. value.EnumerateObject().Select(member => (member.Name, Constant(member.Value, SchemaShape.Below(location, member.Name))))];
            schema.Required = [.. schema.Properties.Select(property => property.Name)];
            schema.AdditionalProperties = Nothing;
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            schema.Types = JsonTypes.Array;
            schema.PrefixItems = [.. value.EnumerateArray().Select((item, i) => Constant(item, SchemaShape.Below(location, i)))];
            schema.MinItems = schema.MaxItems = schema.PrefixItems.Length;
        }
        else
        {
            List(schema, [value], location);
        }

        return number;
    }

    private void List(Schema schema, JsonElement[] values, string location)
    {
        schema.Listed.Add(values);
        schema.ListedBelow.Add((Below(JsonValueKind.Object), Below(JsonValueKind.Array)));

        int[] Below(JsonValueKind kind) =>
            [.. values.Index().Where(value => value.Item.ValueKind == kind).Select(value => Constant(value.Item, SchemaShape.Below(location,
                value.Index) + "/value"))];
    }
}
