namespace FlexGen.Dataflow.Files;

/// <summary>What the values in the names of folders are.</summary>
internal enum PartitionType
{
    Text,
    Number,
    Date,
}
