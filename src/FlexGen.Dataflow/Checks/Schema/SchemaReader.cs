using System.Runtime.CompilerServices;
using System.Text.Json;
using FlexGen.Dataflow.Checks.Json;
using FlexGen.Dataflow.Checks.Patterns;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks.Schema;

/// <summary>Reads a schema into nodes. Drafts 4, 6 and 7, 2019-09 and 2020-12; what is not enforced is refused by name.</summary>
internal sealed class SchemaReader
{
    private readonly SchemaDialect dialect;
    private readonly SchemaPlaces places;
    private readonly Dictionary<string, SchemaNode> nodes = [];

    private SchemaReader(JsonElement root, SchemaDialect dialect)
    {
        this.dialect = dialect;
        places = new SchemaPlaces(root, "", dialect);
        foreach (var (location, name) in places.BadNames)
        {
            throw new SchemaException(location, $"has the {dialect.IdKeyword} '{Excerpt.Of(name)}', which is not a URI");
        }
    }

    /// <param name="root">The schema; it is kept.</param>
    /// <param name="undeclared">The dialect of a schema that does not say which.</param>
    /// <exception cref="SchemaException">It is no schema, or one that would not be enforced as it is written.</exception>
    public static SchemaNode Read(JsonElement root, SchemaDialect undeclared)
    {
        try
        {
            return ReadAll(root, undeclared);
        }
        catch (KeywordException e)
        {
            throw new SchemaException(e.Location, e.Problem);
        }
    }

    private static SchemaNode ReadAll(JsonElement root, SchemaDialect undeclared)
    {
        var dialect = undeclared;
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("$schema", out var uri))
        {
            var text = new KeywordValue(uri, "/$schema").Text();
            dialect = SchemaDialect.Of(text) ?? throw new SchemaException("/$schema", $"is '{Excerpt.Of(text)}'; known are: {SchemaDialect.KnownUris}");
        }

        var reader = new SchemaReader(root, dialect);
        var node = reader.Node(root, "");
        SchemaCircles.Check(reader.nodes.Values);
        return node;
    }

    private SchemaNode Node(JsonElement schema, string location)
    {
        if (nodes.TryGetValue(location, out var node))
        {
            return node;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        node = new SchemaNode(location) { RefusesAll = schema.ValueKind == JsonValueKind.False };
        nodes[location] = node;
        if (schema.ValueKind == JsonValueKind.Object)
        {
            if (location.Length > 0 && schema.TryGetProperty("$schema", out var inner) && SchemaDialect.Of($"{inner}") != dialect)
            {
                throw new SchemaException(location, "has a $schema of its own; a file is of one version");
            }

            Fill(node, schema);
        }
        else if (schema.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new SchemaException(location, $"is {KeywordValue.Describe(schema)} where a schema is expected");
        }

        return node;
    }

    private void Fill(SchemaNode node, JsonElement schema)
    {
        var isAlone = dialect.ReferenceStandsAlone && schema.TryGetProperty("$ref", out _);
        foreach (var keyword in schema.EnumerateObject())
        {
            if (dialect.IsNote(keyword.Name))
            {
                continue;
            }

            var value = new KeywordValue(keyword.Value, SchemaShape.Below(node.Location, keyword.Name));
            if (SchemaKeywords.Problem(keyword.Name, dialect) is { } problem)
            {
                throw value.Refused(problem);
            }

            if (!isAlone || keyword.Name is "$ref" or "definitions" or "$defs")
            {
                Read(keyword.Name, value, node, schema);
            }
        }
    }

    private void Read(string keyword, KeywordValue value, SchemaNode node, JsonElement schema)
    {
        switch (keyword)
        {
            case "properties": node.Properties = value.Members().ToDictionary(member => member.Name, member => Node(member.Value)); break;
            case "patternProperties":
                node.PatternProperties = [.. value.Members().Select(member => (Pattern(member.Value, member.Name), Node(member.Value)))];
                break;
            case "additionalProperties": node.AdditionalProperties = Node(value); break;
            case "unevaluatedProperties": node.UnevaluatedProperties = Node(value); break;
            case "propertyNames": node.PropertyNames = Node(value); break;
            case "items" when value.IsList && dialect is { IsDeclared: true, Version: SchemaVersion.Draft2020 }:
                throw value.Refused("is a list, which $schema's version has as prefixItems");
            case "items" when value.IsList: node.PrefixItems = Nodes(value); break;
            case "prefixItems": node.PrefixItems = Nodes(value); break;
            case "items": node.Items = Node(value); break;
            // Where items is no list, this has no meaning in any version.
            case "additionalItems" when schema.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array:
                node.Items = Node(value);
                break;
            case "additionalItems": Node(value); break;
            case "unevaluatedItems": node.UnevaluatedItems = Node(value); break;
            case "contains":
                node.Contains = Node(value);
                node.ContainsEvaluates = dialect.Version == SchemaVersion.Draft2020;
                break;
            case "$ref": node.Reference = Referred(value.Text(), node.Location); break;
            case "$anchor": value.Text(); break;
            case "definitions" or "$defs": value.Members().ToList().ForEach(member => Node(member.Value)); break;
            case "allOf": node.AllOf = Nodes(value); break;
            case "anyOf": node.AnyOf = Nodes(value); break;
            case "oneOf": node.OneOf = Nodes(value); break;
            case "not": node.Not = Node(value); break;
            case "if": node.If = Node(value); break;
            case "then": node.Then = Node(value); break;
            case "else": node.Else = Node(value); break;
            case "dependentRequired": node.DependentRequired.AddRange(value.Members().Select(member => (member.Name, member.Value.Texts()))); break;
            case "dependentSchemas": node.DependentSchemas.AddRange(value.Members().Select(member => (member.Name, Node(member.Value)))); break;
            case "dependencies":
                foreach (var (name, dependent) in value.Members())
                {
                    if (dependent.IsList)
                    {
                        node.DependentRequired.Add((name, dependent.Texts()));
                    }
                    else
                    {
                        node.DependentSchemas.Add((name, Node(dependent)));
                    }
                }

                break;
            default: ReadAssertion(keyword, value, node, schema); break;
        }
    }

    private void ReadAssertion(string keyword, KeywordValue value, SchemaNode node, JsonElement schema)
    {
        switch (keyword)
        {
            case "type": node.Types = value.Types(); break;
            case "enum": node.Enum = new HashSet<JsonElement>(value.Items().Select(item => item.Element), JsonEquality.Instance); break;
            case "const": node.Const = value.Element; break;
            case "multipleOf":
                node.MultipleOf = value.Number();
                if (node.MultipleOf.Sign <= 0)
                {
                    throw value.Refused($"is {node.MultipleOf} and must be more than 0");
                }

                break;
            case "maximum" when IsExclusive("exclusiveMaximum", schema): node.ExclusiveMaximum = value.Number(); break;
            case "maximum": node.Maximum = value.Number(); break;
            case "minimum" when IsExclusive("exclusiveMinimum", schema): node.ExclusiveMinimum = value.Number(); break;
            case "minimum": node.Minimum = value.Number(); break;
            case "exclusiveMaximum" or "exclusiveMinimum" when value.IsFlag && dialect.HasExclusiveFlags:
                if (!schema.TryGetProperty(keyword == "exclusiveMaximum" ? "maximum" : "minimum", out _))
                {
                    throw value.Refused("has no limit beside it to make exclusive");
                }

                break;
            case "exclusiveMaximum" or "exclusiveMinimum" when dialect is { IsDeclared: true, Version: SchemaVersion.Draft4 }:
                throw value.Refused("must be true or false in $schema's version");
            case "exclusiveMaximum": node.ExclusiveMaximum = value.Number(); break;
            case "exclusiveMinimum": node.ExclusiveMinimum = value.Number(); break;
            case "maxLength": node.MaxLength = value.Count(); break;
            case "minLength": node.MinLength = value.Count(); break;
            case "pattern": node.Pattern = Pattern(value, value.Text()); break;
            case "format" when NumberFormats.Has(value.Text()): node.FormatLimits = NumberFormats.LimitsOf(value.Text()); break;
            case "format":
                var format = value.Text();
                node.Format = StringFormat.Find(format) ?? throw value.Refused(
                    $"is the format '{Excerpt.Of(format)}', which would be ignored. Known are: {StringFormat.KnownNames}, {NumberFormats.Names}");
                break;
            case "maxItems": node.MaxItems = value.Count(); break;
            case "minItems": node.MinItems = value.Count(); break;
            case "uniqueItems": node.UniqueItems = value.Flag(); break;
            case "minContains": node.MinContains = value.Count(); break;
            case "maxContains": node.MaxContains = value.Count(); break;
            case "maxProperties": node.MaxProperties = value.Count(); break;
            case "minProperties": node.MinProperties = value.Count(); break;
            case "required": node.Required = value.Texts(); break;
            default: throw value.Refused("is a keyword that would be ignored");
        }
    }

    private bool IsExclusive(string keyword, JsonElement schema) =>
        dialect.HasExclusiveFlags && schema.TryGetProperty(keyword, out var flag) && flag.ValueKind == JsonValueKind.True;

    private SchemaNode Referred(string reference, string location)
    {
        if (places.Resolve(reference, location, out var problem) is var (target, schema) && problem == ReferenceProblem.None)
        {
            return Node(schema, target);
        }

        var named = $"refers to '{Excerpt.Of(reference)}'";
        throw new SchemaException(location, problem switch
        {
            ReferenceProblem.NoUri => $"has the $ref '{Excerpt.Of(reference)}', which is not a URI",
            ReferenceProblem.Ambiguous => $"{named}, which is the name of more than one schema in the file",
            ReferenceProblem.OtherFile => $"{named}, which is outside the file: put that schema below $defs",
            ReferenceProblem.NoName => $"{named}, and no schema in the file has that name",
            _ => $"{named}, where nothing is",
        });
    }

    private static EcmaPattern Pattern(KeywordValue value, string pattern)
    {
        try
        {
            return new EcmaPattern(pattern);
        }
        catch (PatternException e)
        {
            throw value.Refused($"has the pattern '{Excerpt.Of(pattern)}': {e.Message}");
        }
    }

    private SchemaNode Node(KeywordValue value) => Node(value.Element, value.Location);

    private SchemaNode[] Nodes(KeywordValue value) => [.. value.Items().Select(Node)];
}
