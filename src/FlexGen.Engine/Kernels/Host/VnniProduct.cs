using System.Collections.Concurrent;
using System.Runtime.Intrinsics.X86;
using FlexGen.Interop;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Products with AVX-512's instruction for them (VNNI), which adds 4 products to an integer at once and reads what all rows share by itself: twice
/// as fast as <see cref="Avx512Product"/>. .NET has it for vectors of 256 bits only, on processors that have it in another encoding.
/// </summary>
internal readonly unsafe struct VnniProduct : IProductKernel
{
    private const int ExtendedFeatures = 7;
    private const int Vnni = 1 << 11;

    private static readonly ConcurrentDictionary<int, IntPtr> made = new();

    public static bool IsSupported { get; } =
        OperatingSystem.IsLinux() && Avx512BW.IsSupported && (X86Base.CpuId(ExtendedFeatures, 0).Ecx & Vnni) != 0 && Code(new(1, 64, 64), 64) != 0;

    public static void Multiply(byte* tile, PackedShape shape, RoundedStrip strip, float* sums)
    {
        new Span<float>(sums, strip.Rows * PackedShape.TileRows).Clear();
        ((delegate* unmanaged<byte*, IntPtr, IntPtr, float*, long, long, void>)Code(shape, strip.GroupBytes))(
            tile, strip.Elements, strip.Factors, sums, strip.Rows, shape.Groups);
    }

    private static IntPtr Code(PackedShape shape, int groupBytes) =>
        made.TryGetValue(shape.Group, out var code) ? code : made.GetOrAdd(shape.Group, _ => MachineCode.Load(VnniCode.Make(shape, groupBytes)));
}
