namespace FlexGen.Schemas;

/// <summary>How a schema's keywords are to be read.</summary>
/// <param name="Version">The version that it is written for.</param>
/// <param name="IsDeclared">
/// The schema says so in <c>$schema</c>, and what that version lacks is refused. Otherwise keywords of every version are taken, each with
/// the one meaning that its value leaves.
/// </param>
internal sealed record SchemaDialect(SchemaVersion Version, bool IsDeclared)
{
    private static readonly (string Uri, SchemaVersion Version, string Name)[] known =
    [
        ("http://json-schema.org/draft-04/schema", SchemaVersion.Draft4, "draft-04"),
        ("http://json-schema.org/draft-06/schema", SchemaVersion.Draft6, "draft-06"),
        ("http://json-schema.org/draft-07/schema", SchemaVersion.Draft7, "draft-07"),
        ("https://json-schema.org/draft/2019-09/schema", SchemaVersion.Draft2019, "2019-09"),
        ("https://json-schema.org/draft/2020-12/schema", SchemaVersion.Draft2020, "2020-12"),
    ];

    /// <summary>Snowplow's, which is draft 4 with a name of its own.</summary>
    private const string SelfDescribing = "com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0";

    private static readonly IReadOnlySet<string> none = new HashSet<string>();

    public static SchemaDialect Undeclared { get; } = new(SchemaVersion.Draft2020, IsDeclared: false);

    public static string KnownUris => string.Join(", ", known.Select(draft => draft.Uri));

    /// <summary>Everything beside a <c>$ref</c> is ignored.</summary>
    public bool ReferenceStandsAlone => Version <= SchemaVersion.Draft7;

    /// <summary>The keyword that names a schema.</summary>
    public string IdKeyword => Version == SchemaVersion.Draft4 ? "id" : "$id";

    /// <summary>Draft 4's true or false beside a limit, which no later version has.</summary>
    public bool HasExclusiveFlags => !IsDeclared || Version == SchemaVersion.Draft4;

    /// <summary>Keywords of its own that say nothing about values.</summary>
    private IReadOnlySet<string> Notes { get; init; } = none;

    /// <summary>The dialect that a value of <c>$schema</c> names; null where it is unknown.</summary>
    public static SchemaDialect? Of(string uri)
    {
        var name = uri.TrimEnd('#');
        if (name is "iglu:" + SelfDescribing or "http://iglucentral.com/schemas/" + SelfDescribing or "https://iglucentral.com/schemas/" + SelfDescribing)
        {
            return new(SchemaVersion.Draft4, IsDeclared: true) { Notes = SchemaNotes.OfSelfDescribing };
        }

        var isHyper = name.EndsWith("/hyper-schema", StringComparison.Ordinal);
        var plain = isHyper ? name.Replace("/hyper-schema", "/schema", StringComparison.Ordinal) : name;
        // What http leads to was published under https, too; and what names no version, when this was the newest.
        plain = plain.Replace("https://json-schema.org/draft-0", "http://json-schema.org/draft-0", StringComparison.Ordinal);
        plain = plain is "http://json-schema.org/schema" or "https://json-schema.org/schema" ? "http://json-schema.org/draft-07/schema" : plain;
        var found = Array.Find(known, draft => draft.Uri == plain);
        return found.Uri is null ? null : new(found.Version, IsDeclared: true) { Notes = isHyper ? SchemaNotes.OfHyperSchemas : none };
    }

    /// <summary>Whether a keyword says nothing about values.</summary>
    public bool IsNote(string keyword) => SchemaNotes.Has(keyword) || Notes.Contains(keyword);

    public static string NameOf(SchemaVersion version) => Array.Find(known, draft => draft.Version == version).Name;
}
