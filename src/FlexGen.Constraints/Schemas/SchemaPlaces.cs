using System.Globalization;
using System.Text.Json;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Schemas;

/// <summary>Finds what references name: by JSON pointer, by <c>$id</c>, by anchor.</summary>
internal sealed class SchemaPlaces
{
    private const int MostDeep = 400;

    private static readonly Uri unnamed = new("flexgen://schema/");

    private readonly JsonElement root;
    private readonly SchemaDialect dialect;
    private readonly Dictionary<string, string> locations = [];
    private readonly Dictionary<string, Uri> bases = [];

    public SchemaPlaces(JsonElement root, SchemaDialect dialect)
    {
        this.root = root;
        this.dialect = dialect;
        bases["#"] = unnamed;
        locations[unnamed.AbsoluteUri] = "#";
        Scan(root, "#", unnamed, 0);
    }

    /// <exception cref="ConstraintException">There is no such schema here.</exception>
    public (string Location, JsonElement Schema) Resolve(string reference, string from)
    {
        if (!Uri.TryCreate(BaseOf(from), reference, out var uri))
        {
            throw new ConstraintException(from, $"has the $ref '{reference}', which is not a URI");
        }

        var bare = uri.Fragment.Length > 0 ? uri.AbsoluteUri[..^uri.Fragment.Length] : uri.AbsoluteUri.TrimEnd('#');
        var fragment = Uri.UnescapeDataString(uri.Fragment.TrimStart('#'));
        var isPointer = fragment.Length == 0 || fragment[0] == '/';
        if (locations.TryGetValue(isPointer ? bare : $"{bare}#{fragment}", out var start) && Follow(start, isPointer ? fragment : "") is { } found)
        {
            return found;
        }

        throw new ConstraintException(from, $"has the $ref '{reference}', and there is no such schema in this file: put it under $defs");
    }

    private Uri BaseOf(string location)
    {
        while (true)
        {
            if (bases.TryGetValue(location, out var found))
            {
                return found;
            }

            location = location[..location.LastIndexOf('/')];
        }
    }

    private (string, JsonElement)? Follow(string start, string pointer)
    {
        var element = root;
        var location = "#";
        foreach (var step in (start[1..] + pointer).Split('/').Skip(1))
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

        if (depth > MostDeep)
        {
            throw new ConstraintException(location, $"is more than {MostDeep} schemas deep");
        }

        if (!dialect.ReferenceStandsAlone || !schema.TryGetProperty("$ref", out _))
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
            var text = id.GetString()!;
            var hash = text.IndexOf('#', StringComparison.Ordinal);
            var bare = hash < 0 ? text : text[..hash];
            // What is no URI names nothing that could be referred to.
            if (bare.Length > 0 && Uri.TryCreate(scope, bare, out var named))
            {
                scope = named;
                bases[location] = scope;
                locations.TryAdd(scope.AbsoluteUri, location);
            }

            if (hash >= 0 && hash + 1 < text.Length && text[hash + 1] != '/')
            {
                locations.TryAdd($"{scope.AbsoluteUri}{text[hash..]}", location);
            }
        }

        foreach (var keyword in (string[])["$anchor", "$dynamicAnchor"])
        {
            if (schema.TryGetProperty(keyword, out var anchor) && anchor.ValueKind == JsonValueKind.String)
            {
                locations.TryAdd($"{scope.AbsoluteUri}#{anchor.GetString()}", location);
            }
        }

        return scope;
    }
}
