using System.Globalization;
using System.Text.Json;

namespace FlexGen.Schemas;

/// <summary>Finds the schemas of one file by location and by the names that they give themselves.</summary>
internal sealed class SchemaPlaces
{
    // Relative names need something to be relative to; no schema is ever fetched.
    private static readonly Uri nowhere = new("http://schema.invalid/");

    private readonly JsonElement root;
    private readonly string rootLocation;
    private readonly SchemaDialect dialect;
    private readonly Dictionary<string, string> locations = [];
    private readonly HashSet<string> ambiguous = [];
    private readonly Dictionary<string, Uri> bases = [];

    /// <param name="root">The file.</param>
    /// <param name="rootLocation">The JSON pointer of the whole file, with which all locations begin.</param>
    /// <param name="dialect">How it is read.</param>
    public SchemaPlaces(JsonElement root, string rootLocation, SchemaDialect dialect)
    {
        this.root = root;
        this.rootLocation = rootLocation;
        this.dialect = dialect;
        bases[rootLocation] = nowhere;
        locations[nowhere.AbsoluteUri] = rootLocation;
        Scan(root, rootLocation, nowhere, 0);
    }

    /// <summary>Names of schemas that are no URIs, and where they stand.</summary>
    public List<(string Location, string Name)> BadNames { get; } = [];

    /// <summary>Where schemas are the deepest, and how deep: 0 at the root.</summary>
    public (string Location, int Depth) Deepest { get; private set; } = ("", 0);

    /// <summary>The schema that a <c>$ref</c> means; of several of the same name the first.</summary>
    /// <param name="reference">What the <c>$ref</c> says.</param>
    /// <param name="location">The schema that it stands in.</param>
    /// <param name="problem">Why there is none, or what else is wrong with it.</param>
    public (string Location, JsonElement Schema)? Resolve(string reference, string location, out ReferenceProblem problem)
    {
        var (uri, fragment) = Split(reference);
        var resource = BaseOf(location);
        if (uri.Length > 0 && !Uri.TryCreate(resource, uri, out resource))
        {
            problem = ReferenceProblem.NoUri;
            return null;
        }

        var name = fragment.Length > 0 && fragment[0] != '/' ? $"{resource!.AbsoluteUri}#{fragment}" : resource!.AbsoluteUri;
        var found = locations.GetValueOrDefault(name) is { } start ? Find(start, fragment.StartsWith('/') ? fragment : "") : null;
        problem = ambiguous.Contains(name) ? ReferenceProblem.Ambiguous
            : !locations.ContainsKey(resource.AbsoluteUri) ? ReferenceProblem.OtherFile
            : !locations.ContainsKey(name) ? ReferenceProblem.NoName
            : found is null ? ReferenceProblem.NoPlace : ReferenceProblem.None;
        return found;
    }

    private static (string Uri, string Fragment) Split(string reference)
    {
        var hash = reference.IndexOf('#');
        return hash < 0 ? (reference, "") : (reference[..hash], Uri.UnescapeDataString(reference[(hash + 1)..]));
    }

    private Uri BaseOf(string location)
    {
        while (!bases.ContainsKey(location))
        {
            location = location[..location.LastIndexOf('/')];
        }

        return bases[location];
    }

    private (string Location, JsonElement Schema)? Find(string start, string pointer)
    {
        var element = root;
        var location = rootLocation;
        foreach (var step in (start[rootLocation.Length..] + pointer).Split('/').Skip(1))
        {
            var name = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var property))
            {
                element = property;
            }
            else if (element.ValueKind == JsonValueKind.Array
                && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < element.GetArrayLength())
            {
                element = element[index];
            }
            else
            {
                return null;
            }

            location = SchemaShape.Below(location, name);
        }

        return (location, element);
    }

    private void Scan(JsonElement schema, string location, Uri scope, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (depth > Deepest.Depth)
        {
            Deepest = (location, depth);
        }

        var isAlone = dialect.ReferenceStandsAlone && schema.TryGetProperty("$ref", out _);
        if (!isAlone)
        {
            scope = Name(schema, location, scope);
        }

        foreach (var (below, at) in SchemaShape.Children(schema, location))
        {
            Scan(below, at, scope, depth + 1);
        }
    }

    private Uri Name(JsonElement schema, string location, Uri scope)
    {
        if (schema.TryGetProperty(dialect.IdKeyword, out var id) && id.ValueKind == JsonValueKind.String)
        {
            var (uri, fragment) = Split(id.GetString()!);
            if (uri.Length > 0)
            {
                if (Uri.TryCreate(scope, uri, out var named))
                {
                    scope = named;
                    bases[location] = scope;
                    Add(scope.AbsoluteUri, location);
                }
                else
                {
                    BadNames.Add((location, uri));
                }
            }

            if (fragment.Length > 0 && fragment[0] != '/')
            {
                Add($"{scope.AbsoluteUri}#{fragment}", location);
            }
        }
        // The second is refused where it stands; what refers to it should not be first.
        foreach (var keyword in (string[])["$anchor", "$dynamicAnchor"])
        {
            if (schema.TryGetProperty(keyword, out var anchor) && anchor.ValueKind == JsonValueKind.String)
            {
                Add($"{scope.AbsoluteUri}#{anchor.GetString()}", location);
            }
        }

        return scope;
    }

    // Two of one name do no harm until it is asked for.
    private void Add(string name, string location)
    {
        if (!locations.TryAdd(name, location) && locations[name] != location)
        {
            ambiguous.Add(name);
        }
    }
}
