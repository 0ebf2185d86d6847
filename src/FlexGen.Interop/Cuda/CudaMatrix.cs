namespace FlexGen.Interop;

/// <summary>
/// A matrix on a GPU, of elements of 16 bits, of which a kernel copies boxes to shared memory: 128 bytes of each row, in the 128-byte swizzle.
/// </summary>
/// <param name="Address">Of the first element, a multiple of 16.</param>
/// <param name="Rows">How many.</param>
/// <param name="Columns">How many, a multiple of 8; rows lie one after the other.</param>
/// <param name="BoxRows">Rows of a box, 256 at the most.</param>
public readonly record struct CudaMatrix(IntPtr Address, long Rows, long Columns, int BoxRows)
{
    /// <summary>Bytes of what a kernel is given, and of what its address is a multiple.</summary>
    internal const int MapBytes = 128, MapAlignment = 64;

    private const int ElementBytes = 2, BoxBytes = 128;

    /// <summary>Writes what a kernel is given.</summary>
    /// <param name="map"><see cref="MapBytes"/>.</param>
    internal unsafe void Write(void* map)
    {
        const int unsigned16 = 1, swizzle128 = 3, promotion256 = 3;
        var sizes = stackalloc[] { (ulong)Columns, (ulong)Rows };
        var strides = stackalloc[] { (ulong)Columns * ElementBytes };
        var box = stackalloc[] { (uint)(BoxBytes / ElementBytes), (uint)BoxRows };
        var steps = stackalloc[] { 1u, 1u };
        CudaDriver.Check(
            CudaDriver.TensorMapEncodeTiled(map, unsigned16, 2, Address, sizes, strides, box, steps, 0, swizzle128, promotion256, 0), "cuTensorMapEncodeTiled");
    }
}
