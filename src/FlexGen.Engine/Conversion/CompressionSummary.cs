namespace FlexGen.Engine.Conversion;

/// <summary>What a checkpoint in 4 bits has become.</summary>
/// <param name="PackedWeights">How many weights are in 4 bits.</param>
/// <param name="BytesBefore">Of all tensors as the model stores them.</param>
/// <param name="BytesAfter">Of the files that hold them now.</param>
/// <param name="Files">How many those are.</param>
/// <param name="FilesKept">How many of them an earlier call had finished.</param>
public sealed record CompressionSummary(int PackedWeights, long BytesBefore, long BytesAfter, int Files, int FilesKept);
