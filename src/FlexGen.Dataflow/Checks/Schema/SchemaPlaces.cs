using System.Globalization;
using System.Text.Json;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks.Schema;

/// <summary>Finds the schemas of one file by location and by the names that they give themselves.</summary>
internal sealed class SchemaPlaces
{
    // Relative names need something to be relative to; no schema is ever fetched.
    private static readonly Uri nowhere = new("http://schema.invalid/");

    private readonly JsonElement root;
    private readonly SchemaDialect dialect;
    private readonly Dictionary<string, string> locations = [];
    private readonly HashSet<string> ambiguous = [];
    private readonly Dictionary<string, Uri> bases = [];

    /// <exception cref="SchemaException">A name is no URI.</exception>
    public SchemaPlaces(JsonElement root, SchemaDialect dialect)
    {
        this.root = root;
        this.dialect = dialect;
        bases[""] = nowhere;
        locations[nowhere.AbsoluteUri] = "";
        Scan(root, "", nowhere);
    }

    /// <summary>The schema that a <c>$ref</c> means.</summary>
    /// <param name="reference">What the <c>$ref</c> says.</param>
    /// <param name="location">The schema that it stands in.</param>
    /// <exception cref="SchemaException">There is none in the file, or more than one.</exception>
    public (string Location, JsonElement Schema) Resolve(string reference, string location)
    {
        var (uri, fragment) = Split(reference);
        var resource = BaseOf(location);
        if (uri.Length > 0 && !Uri.TryCreate(resource, uri, out resource))
        {
            throw new SchemaException(location, $"has the $ref '{Excerpt.Of(reference)}', which is not a URI");
        }

        var name = fragment.Length > 0 && fragment[0] != '/' ? $"{resource!.AbsoluteUri}#{fragment}" : resource!.AbsoluteUri;
        if (ambiguous.Contains(name))
        {
            throw new SchemaException(location, $"refers to '{Excerpt.Of(reference)}', which is the name of more than one schema in the file");
        }

        if (!locations.TryGetValue(resource.AbsoluteUri, out var found))
        {
            throw new SchemaException(location, $"refers to '{Excerpt.Of(reference)}', which is outside the file: put that schema below $defs");
        }

        if (!locations.TryGetValue(name, out found))
        {
            throw new SchemaException(location, $"refers to '{Excerpt.Of(reference)}', and no schema in the file has that name");
        }

        var pointer = found + (fragment.StartsWith('/') ? fragment : "");
        return Find(pointer) is { } schema ? schema : throw new SchemaException(location, $"refers to '{Excerpt.Of(reference)}', where nothing is");
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

    private (string Location, JsonElement Schema)? Find(string pointer)
    {
        var element = root;
        var location = "";
        foreach (var step in pointer.Split('/').Skip(1))
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

    private void Scan(JsonElement schema, string location, Uri scope)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var isAlone = dialect.ReferenceStandsAlone && schema.TryGetProperty("$ref", out _);
        if (!isAlone)
        {
            scope = Name(schema, location, scope);
        }

        foreach (var (below, at) in SchemaShape.Children(schema, location))
        {
            Scan(below, at, scope);
        }
    }

    private Uri Name(JsonElement schema, string location, Uri scope)
    {
        if (schema.TryGetProperty(dialect.IdKeyword, out var id) && id.ValueKind == JsonValueKind.String)
        {
            var (uri, fragment) = Split(id.GetString()!);
            if (uri.Length > 0)
            {
                if (!Uri.TryCreate(scope, uri, out var named))
                {
                    throw new SchemaException(location, $"has the {dialect.IdKeyword} '{Excerpt.Of(uri)}', which is not a URI");
                }

                scope = named;
                bases[location] = scope;
                Add(scope.AbsoluteUri, location);
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
