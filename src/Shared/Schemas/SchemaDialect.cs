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

    public static SchemaDialect Undeclared { get; } = new(SchemaVersion.Draft2020, IsDeclared: false);

    public static string KnownUris => string.Join(", ", known.Select(draft => draft.Uri));

    /// <summary>Everything beside a <c>$ref</c> is ignored.</summary>
    public bool ReferenceStandsAlone => Version <= SchemaVersion.Draft7;

    /// <summary>The keyword that names a schema.</summary>
    public string IdKeyword => Version == SchemaVersion.Draft4 ? "id" : "$id";

    /// <summary>Draft 4's true or false beside a limit, which no later version has.</summary>
    public bool HasExclusiveFlags => !IsDeclared || Version == SchemaVersion.Draft4;

    /// <summary>The dialect that a value of <c>$schema</c> names; null where it is unknown.</summary>
    public static SchemaDialect? Of(string uri)
    {
        var found = Array.Find(known, draft => draft.Uri == uri.TrimEnd('#'));
        return found.Uri is null ? null : new SchemaDialect(found.Version, IsDeclared: true);
    }

    public static string NameOf(SchemaVersion version) => Array.Find(known, draft => draft.Version == version).Name;
}
