using Parquet.Meta;

namespace FlexGen.Dataflow.Records;

/// <summary>A top-level column of a dataset.</summary>
/// <param name="Elements">The column and all that is below it as the file states it, depth first: an output states it in the same words.</param>
internal sealed record RowColumn(IReadOnlyList<SchemaElement> Elements)
{
    public string Name => Elements[0].Name;

    public int LeafCount => Elements.Count(element => element.Type is not null);

    /// <summary>The whole type, such as <c>INT64 TIMESTAMP(MICROS, UTC)</c>: what differs in the slightest has another.</summary>
    public string Type
    {
        get
        {
            int at = 0;
            return Describe(ref at);
        }
    }

    private string Describe(ref int at)
    {
        var element = Elements[at++];
        var parts = new List<string>();
        if (element.RepetitionType is FieldRepetitionType.REPEATED or FieldRepetitionType.REQUIRED)
        {
            parts.Add(element.RepetitionType == FieldRepetitionType.REPEATED ? "repeated" : "required");
        }
        if (element.Type is { } type)
        {
            parts.Add(type == Parquet.Meta.Type.FIXED_LEN_BYTE_ARRAY ? $"{type}({element.TypeLength})" : type.ToString());
        }
        if (Annotation.Describe(element) is { Length: > 0 } annotation)
        {
            parts.Add(annotation);
        }
        var children = new List<string>();
        for (int i = 0; i < (element.NumChildren ?? 0); i++)
        {
            children.Add($"{Elements[at].Name}: {Describe(ref at)}");
        }
        if (children.Count > 0)
        {
            parts.Add($"{{{string.Join(", ", children)}}}");
        }
        return string.Join(' ', parts);
    }
}
