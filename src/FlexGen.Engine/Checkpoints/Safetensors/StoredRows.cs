using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints.Safetensors;

/// <summary>A matrix in a file, read as float32 by whole rows, by any thread.</summary>
/// <param name="file">The file.</param>
/// <param name="entry">The matrix, of a type that weights can have.</param>
/// <param name="columns">Elements of a row.</param>
internal sealed unsafe class StoredRows(SafetensorsFile file, SafetensorsEntry entry, long columns)
{
    private readonly ScalarType type = SafetensorsTypes.Type(entry.Type)!.Value;
    private readonly int size = SafetensorsTypes.Size(entry.Type)!.Value;

    /// <summary>Reads some rows.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Takes [count, columns].</param>
    public void Read(long first, int count, IntPtr to)
    {
        var (start, elements) = (first * columns * size, count * columns);
        if (type == ScalarType.Float32)
        {
            file.Read(entry, start, to, elements * size);
            return;
        }

        var stored = (byte*)NativeMemory.Alloc((nuint)elements, (nuint)size);
        try
        {
            file.Read(entry, start, (IntPtr)stored, elements * size);
            StoredNumbers.Widen(type, stored, elements, (float*)to);
        }
        finally
        {
            NativeMemory.Free(stored);
        }
    }
}
