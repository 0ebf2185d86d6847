using System.Text.Json;
using FlexGen.Constraints.Numbers;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Schemas;

/// <summary>A schema's keywords, whichever version's they were; other schemas by number. Null, or -1, where it says nothing.</summary>
/// <param name="location">Where it stands, as a JSON pointer that begins with <c>#</c>.</param>
internal sealed class Schema(string location)
{
    public string Location { get; } = location;

    /// <summary>The schema <c>false</c>.</summary>
    public bool RefusesAll { get; set; }

    public JsonTypes Types { get; set; } = JsonTypes.All;

    /// <summary>Values of which one must be it: for each of <c>enum</c> and <c>const</c>.</summary>
    public List<JsonElement[]> Listed { get; } = [];

    /// <summary>For each of those, schemas of the objects and arrays in it, by number.</summary>
    public List<(int[] Objects, int[] Arrays)> ListedBelow { get; } = [];

    public NumberBound? Min { get; set; }

    public NumberBound? Max { get; set; }

    public DecimalNumber? MultipleOf { get; set; }

    public long MinLength { get; set; }

    public long MaxLength { get; set; } = long.MaxValue;

    public string? Pattern { get; set; }

    public string? Format { get; set; }

    public (string Name, int Schema)[]? Properties { get; set; }

    public (string Pattern, int Schema)[]? PatternProperties { get; set; }

    public int AdditionalProperties { get; set; } = -1;

    public int UnevaluatedProperties { get; set; } = -1;

    public int PropertyNames { get; set; } = -1;

    public string[] Required { get; set; } = [];

    public long MinProperties { get; set; }

    public long MaxProperties { get; set; } = long.MaxValue;

    public List<(string Name, string[] Required)> DependentRequired { get; } = [];

    public List<(string Name, int Schema)> DependentSchemas { get; } = [];

    public int[] PrefixItems { get; set; } = [];

    public int Items { get; set; } = -1;

    public int UnevaluatedItems { get; set; } = -1;

    public long MinItems { get; set; }

    public long MaxItems { get; set; } = long.MaxValue;

    public bool UniqueItems { get; set; }

    public int Contains { get; set; } = -1;

    public long MinContains { get; set; } = 1;

    public long MaxContains { get; set; } = long.MaxValue;

    public int Reference { get; set; } = -1;

    public int[] AllOf { get; set; } = [];

    public int[]? AnyOf { get; set; }

    public int[]? OneOf { get; set; }

    public int Not { get; set; } = -1;

    public int If { get; set; } = -1;

    public int Then { get; set; } = -1;

    public int Else { get; set; } = -1;

    /// <summary>It says something about properties that depends on their names.</summary>
    public bool NamesProperties => Properties is not null || PatternProperties is not null || AdditionalProperties >= 0 || PropertyNames >= 0;

    /// <summary>It says something about items.</summary>
    public bool NamesItems => PrefixItems.Length > 0 || Items >= 0;

    /// <summary>It says what another one says.</summary>
    public bool RefersOnly { get; set; }

    /// <summary>It allows everything.</summary>
    public bool SaysNothing { get; set; }
}
