namespace FlexGen.Dataflow.Results;

/// <summary>What a property's column holds.</summary>
internal enum ResultKind
{
    Text,
    Date,
    Long,
    Double,
    Boolean,
    Struct,
    List,
}
