using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>Tensors over memory that is already there, by libtorch's C ABI.</summary>
public static unsafe partial class TensorFromMemory
{
    /// <summary>
    /// A contiguous tensor over memory that it neither copies nor owns: the memory must outlive the tensor and all its
    /// views, and must not be written through them where it is read-only. libtorch must be loaded already.
    /// </summary>
    /// <param name="address">The first element.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="scalarType">libtorch's number of the element type (c10::ScalarType).</param>
    /// <param name="gpu">The GPU whose memory it is; null: host memory.</param>
    /// <returns>A native tensor handle, owned by the caller.</returns>
    public static IntPtr Create(IntPtr address, ReadOnlySpan<long> shape, int scalarType, int? gpu = null)
    {
        Span<long> strides = stackalloc long[shape.Length];
        var stride = 1L;
        for (var d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = stride;
            stride *= Math.Max(shape[d], 1);
        }

        fixed (long* sizes = shape, steps = strides)
        {
            var status = CreateFromBlob(address, shape.Length, sizes, steps, 0, scalarType, gpu is null ? 0 : 1, gpu ?? -1, out var tensor, 0, null, 0);
            return status == 0 ? tensor : throw new InvalidOperationException("libtorch could not make a tensor over memory");
        }
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_create_tensor_from_blob_v2")]
    private static partial int CreateFromBlob(
        IntPtr data, long dimensions, long* sizes, long* strides, long storageOffset, int scalarType, int deviceType, int deviceIndex,
        out IntPtr tensor, int layout, byte* opaqueMetadata, long opaqueMetadataSize);
}
