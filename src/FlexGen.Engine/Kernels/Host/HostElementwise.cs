using System.Runtime.Intrinsics;
using FlexGen.Interop;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// What layers do with each element of contiguous tensors, in one pass over it where libtorch takes one for each operation. T is float, or ushort for
/// bfloat16; each element is computed alike, whatever shares the batch.
/// </summary>
internal static unsafe partial class HostElementwise
{
    private const int Lanes = 8;
    private const long ElementsOfAnItem = 1 << 14;

    /// <summary>x / sqrt(mean(x^2) + eps), rounded to its type, times the weight.</summary>
    /// <param name="x">[..., width].</param>
    /// <param name="added">Like x, to which it is added first, the sum, rounded, in its place; null: nothing is.</param>
    /// <param name="weight">[width].</param>
    /// <param name="to">Like x; may be x.</param>
    /// <param name="eps">What keeps rows of zeros finite.</param>
    public static void RmsNorm(Tensor x, Tensor? added, Tensor weight, Tensor to, float eps)
    {
        var (from, addends, factors, target) = (Address(x), added is null ? 0 : Address(added), Address(weight), Address(to));
        var (width, isWide) = ((int)x.size(-1), IsWide(x));
        Run(x.numel() / width, Math.Max(1, ElementsOfAnItem / width), (first, count) =>
        {
            for (var at = first * width; at < (first + count) * width; at += width)
            {
                if (isWide)
                {
                    NormRow((float*)from + at, addends == 0 ? null : (float*)addends + at, (float*)factors, (float*)target + at, width, eps);
                }
                else
                {
                    NormRow((ushort*)from + at, addends == 0 ? null : (ushort*)addends + at, (ushort*)factors, (ushort*)target + at, width, eps);
                }
            }
        });
    }

    /// <summary>x + added, rounded to their type, in x's place.</summary>
    /// <param name="x">Any number of elements.</param>
    /// <param name="added">As many.</param>
    public static void Add(Tensor x, Tensor added)
    {
        var (place, addends, isWide) = (Address(x), Address(added), IsWide(x));
        Run(x.numel(), ElementsOfAnItem, (first, length) =>
        {
            if (isWide)
            {
                AddRow((float*)place + first, (float*)addends + first, length);
            }
            else
            {
                AddRow((ushort*)place + first, (ushort*)addends + first, length);
            }
        });
    }

    /// <summary>Turns element d of each head with element d + headDim / 2, in their places: x cos, rounded to the type, plus the other one times sin.</summary>
    /// <param name="x">[rows, heads, headDim], the last an even number.</param>
    /// <param name="cos">[rows, ..., headDim].</param>
    /// <param name="sin">Likewise, negative in the first half.</param>
    public static void Turn(Tensor x, Tensor cos, Tensor sin)
    {
        var (place, cosines, sines, isWide) = (Address(x), Address(cos), Address(sin), IsWide(x));
        var (heads, headDim) = ((int)x.size(1), (int)x.size(2));
        Run(x.size(0), Math.Max(1, ElementsOfAnItem / (heads * headDim)), (first, count) =>
        {
            for (var row = first; row < first + count; row++)
            {
                var (at, angles) = (row * heads * headDim, row * headDim);
                if (isWide)
                {
                    TurnRow((float*)place + at, (float*)cosines + angles, (float*)sines + angles, heads, headDim / 2);
                }
                else
                {
                    TurnRow((ushort*)place + at, (ushort*)cosines + angles, (ushort*)sines + angles, heads, headDim / 2);
                }
            }
        });
    }

    /// <summary>silu(gate) * up in float32, rounded to their type, in gate's place.</summary>
    /// <param name="gate">Any number of elements.</param>
    /// <param name="up">As many.</param>
    public static void GatedSilu(Tensor gate, Tensor up)
    {
        var (place, factors, isWide) = (Address(gate), Address(up), IsWide(gate));
        Run(gate.numel(), ElementsOfAnItem, (first, length) =>
        {
            if (isWide)
            {
                GateRow((float*)place + first, (float*)factors + first, length);
            }
            else
            {
                GateRow((ushort*)place + first, (ushort*)factors + first, length);
            }
        });
    }

    /// <summary>T, here also Half, as float32.</summary>
    /// <param name="from">[count].</param>
    /// <param name="to">[count].</param>
    /// <param name="count">How many elements.</param>
    public static void Widen<T>(T* from, float* to, long count)
        where T : unmanaged
    {
        var (source, target) = ((IntPtr)from, (IntPtr)to);
        Run(count, ElementsOfAnItem, (first, length) =>
        {
            if (typeof(T) != typeof(Half))
            {
                HostVectors.Widen((T*)source + first, (float*)target + first, (int)length);
                return;
            }

            for (var n = first; n < first + length; n++)
            {
                ((float*)target)[n] = (float)((Half*)source)[n];
            }
        });
    }

    /// <summary>Float32 rounded to T, here also Half.</summary>
    /// <param name="from">[count].</param>
    /// <param name="to">[count].</param>
    /// <param name="count">How many elements.</param>
    public static void Narrow<T>(float* from, T* to, long count)
        where T : unmanaged
    {
        var (source, target) = ((IntPtr)from, (IntPtr)to);
        Run(count, ElementsOfAnItem, (first, length) =>
        {
            var n = first;
            for (; typeof(T) != typeof(Half) && n + Lanes <= first + length; n += Lanes)
            {
                Store(Vector256.Load((float*)source + n), (T*)target + n, Lanes);
            }

            for (; n < first + length; n++)
            {
                Store(Vector256.CreateScalar(((float*)source)[n]), (T*)target + n, 1);
            }
        });
    }

    private static IntPtr Address(Tensor tensor) => TensorAddress.Of(tensor.Handle);

    /// <summary>Whether elements are of float32, and not of bfloat16.</summary>
    private static bool IsWide(Tensor x) => (x.device_type, x.dtype) switch
    {
        (DeviceType.CPU, ScalarType.Float32) => true,
        (DeviceType.CPU, ScalarType.BFloat16) => false,
        _ => throw new NotSupportedException($"Layers of {x.dtype} are not computed on {x.device} without its kernels."),
    };

    private static void Run(long all, long together, Action<long, long> part)
    {
        if (all <= 2 * together)
        {
            part(0, all);
            return;
        }

        HostThreads.Team.Run((int)((all + together - 1) / together), item => part(item * together, Math.Min(together, all - (item * together))));
    }
}
