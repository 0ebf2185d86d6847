namespace FlexGen.Engine.Conversion;

/// <summary>A tensor of a checkpoint that is written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The format's name of its element type.</param>
/// <param name="Shape">Its shape as it is stored.</param>
/// <param name="Bytes">How many it takes.</param>
/// <param name="Matrix">Of a weight in 4 bits its shape, [out, in]; null: it is stored as it was.</param>
/// <param name="Read">Copies bytes of it: the first, where to in host memory, and how many.</param>
internal sealed record OutputTensor(string Name, string Type, long[] Shape, long Bytes, long[]? Matrix, Action<long, IntPtr, long> Read);
