using System.Runtime.InteropServices;
using FlexGen.Engine.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>One of the tensors that a weight in 4 bits is stored as.</summary>
internal sealed unsafe record StoredPart(SafetensorsFile File, SafetensorsEntry Entry)
{
    /// <summary>Refuses a part of another shape or type.</summary>
    public void Require(IReadOnlyList<string> types, params long[] shape)
    {
        if (!Entry.Shape.SequenceEqual(shape))
        {
            throw Refused($"is [{string.Join(", ", Entry.Shape)}], but beside the others it must be [{string.Join(", ", shape)}]");
        }

        if (!types.Contains(Entry.Type))
        {
            throw Refused($"is stored as {Entry.Type}; {string.Join(" or ", types)} is expected");
        }
    }

    public CheckpointException Refused(string why) => new($"{File.Path}: tensor '{Entry.Name}' {why}");

    /// <summary>Refuses bytes of it among which is a number that is none; of another type than weights have it knows none.</summary>
    /// <param name="start">The first byte, of a whole number.</param>
    /// <param name="from">Where they are.</param>
    /// <param name="bytes">How many.</param>
    public void RequireFinite(long start, IntPtr from, long bytes)
    {
        if (SafetensorsTypes.Type(Entry.Type) is not { } type || !SafetensorsTypes.IsWeight(type))
        {
            return;
        }

        var size = SafetensorsTypes.Size(Entry.Type)!.Value;
        if (StoredNumbers.FindNotFinite(type, (byte*)from, bytes / size) is { } found)
        {
            var (at, place) = ((start / size) + found, new long[Entry.Shape.Length]);
            for (var n = place.Length - 1; n >= 0; n--)
            {
                (at, place[n]) = Math.DivRem(at, Entry.Shape[n]);
            }

            throw Refused($"is NaN or infinite at [{string.Join(", ", place)}], and weights must be finite numbers");
        }
    }

    /// <summary>Some columns of all its rows, one row after another.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Takes [rows, count] elements as they are stored.</param>
    public void ReadColumns(long first, int count, byte* to)
    {
        var size = SafetensorsTypes.Size(Entry.Type)!.Value;
        var (rows, columns) = (Entry.Shape[0], Entry.Shape[1]);
        if (count == columns)
        {
            File.Read(Entry, 0, (IntPtr)to, rows * columns * size);
            return;
        }

        for (var row = 0L; row < rows; row++)
        {
            File.Read(Entry, ((row * columns) + first) * size, (IntPtr)(to + (row * count * size)), (long)count * size);
        }
    }

    /// <summary>Some columns of all its rows as float16.</summary>
    /// <exception cref="CheckpointException">One is no number, or none that float16 has.</exception>
    public void ReadHalves(long first, int count, Half* to)
    {
        var (type, rows) = (SafetensorsTypes.Type(Entry.Type)!.Value, Entry.Shape[0]);
        var elements = rows * count;
        var stored = (byte*)NativeMemory.Alloc((nuint)elements, sizeof(double));
        try
        {
            ReadColumns(first, count, stored);
            for (var n = 0L; n < elements; n++)
            {
                var number = type switch
                {
                    ScalarType.Float16 => (float)((Half*)stored)[n],
                    ScalarType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)stored)[n] << 16),
                    _ => ((float*)stored)[n],
                };
                to[n] = (Half)number;
                if (!float.IsFinite(number) || (float)to[n] != number)
                {
                    throw Refused($"has {number} in row {n / count}, column {first + (n % count)}, {(float.IsFinite(number)
                        ? "which float16 cannot hold, and scales are kept in float16" : "which is no number")}");
                }
            }
        }
        finally
        {
            NativeMemory.Free(stored);
        }
    }
}
