namespace FlexGen.Schemas;

/// <summary>Published versions of JSON Schema, oldest first.</summary>
internal enum SchemaVersion
{
    Draft4,
    Draft6,
    Draft7,
    Draft2019,
    Draft2020,
}
