using System.Numerics;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static FlexGen.Engine.Kernels.Cuda.Ceiling;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// What layers do with rows between their products on a GPU, each in one read and one write. A row's result depends on nothing but the row. Each
/// kernel is compiled when it is first used; one stream at a time computes.
/// </summary>
/// <param name="type">Of the rows.</param>
internal sealed class RowKernels(ScalarType type) : IDisposable
{
    private const int VectorBytes = 16, Warp = 32, MostThreads = 1024, GateThreads = 256, MostTurning = 512;

    /// <summary>Of a norm a thread has two vectors; where that would be more threads than these, up to four.</summary>
    private const int NormThreads = 256, Fewer = 2, More = 4;

    private readonly int vector = VectorBytes / (int)DataTypes.Format(type).Bytes(1);
    private CudaKernel? norm;
    private CudaKernel? turn;
    private CudaKernel? gate;

    /// <summary>Root mean square norms in float32: x / sqrt(mean(x^2) + eps), rounded to the type, times the weight.</summary>
    /// <param name="x">[rows, width], contiguous.</param>
    /// <param name="weight">[width].</param>
    /// <param name="eps">What keeps rows of zeros finite.</param>
    /// <param name="of">[rows asked for], int64: which they are; null: all.</param>
    /// <returns>[rows asked for, width], in the current dispose scope.</returns>
    public Tensor Norm(Tensor x, Tensor weight, double eps, Tensor? of = null) => Norm(x, null, of, weight, eps);

    /// <summary>The same of x and what is added to it; the sum, rounded to the type, takes the place of x.</summary>
    /// <param name="x">[rows, width], contiguous.</param>
    /// <param name="added">Likewise.</param>
    /// <param name="weight">[width].</param>
    /// <param name="eps">What keeps rows of zeros finite.</param>
    public Tensor NormOfSum(Tensor x, Tensor added, Tensor weight, double eps) => Norm(x, added, null, weight, eps);

    /// <summary>
    /// Turns heads in their places, whose rows may lie apart: x * cosine, rounded to the type, and the other half times the sine. Where there
    /// are weights, each head becomes its norm before.
    /// </summary>
    /// <param name="query">[tokens, heads, headDim], whose heads are contiguous.</param>
    /// <param name="key">[tokens, kvHeads, headDim], likewise.</param>
    /// <param name="turn">Cosine and sine, [tokens, 1, headDim], contiguous: the first half of the sine has the other sign.</param>
    /// <param name="norms">The norms' weights, each [headDim], and what keeps heads of zeros finite.</param>
    public void Turn(Tensor query, Tensor key, (Tensor Cosine, Tensor Sine) turn, (Tensor Query, Tensor Key, double Eps)? norms)
    {
        var (tokens, heads, kvHeads, headDim) = ((int)query.size(0), (int)query.size(1), (int)key.size(1), (int)query.size(2));
        if (tokens == 0)
        {
            return;
        }

        var lanes = Math.Min(Warp, (int)BitOperations.RoundUpToPowerOf2((uint)Divide(headDim / 2, vector)));
        // So that each takes as many heads as the others.
        var all = (heads + kvHeads) * lanes;
        var threads = Divide(all, Divide(all, MostTurning) * Warp) * Warp;
        this.turn ??= KernelSource.Compile("turn_heads.cu", "turn_heads", type);
        this.turn.Launch(
            (tokens, 1),
            threads,
            query.Address(),
            query.stride(0),
            heads,
            key.Address(),
            key.stride(0),
            kvHeads,
            norms?.Query.Address() ?? IntPtr.Zero,
            norms?.Key.Address() ?? IntPtr.Zero,
            turn.Cosine.Address(),
            turn.Sine.Address(),
            headDim,
            lanes,
            BitConverter.SingleToInt32Bits((float)(norms?.Eps ?? 0)));
    }

    /// <summary>silu(gate) in float32, rounded to the type, times up, in gate's place.</summary>
    /// <param name="gate">Contiguous.</param>
    /// <param name="up">As many, contiguous.</param>
    public void Gate(Tensor gate, Tensor up)
    {
        if (gate.numel() is var count and > 0)
        {
            this.gate ??= KernelSource.Compile("gated_silu.cu", "gated_silu", type);
            this.gate.Launch(((int)((count + (GateThreads * vector) - 1) / (GateThreads * vector)), 1), GateThreads, gate.Address(), up.Address(), count);
        }
    }

    public void Dispose()
    {
        norm?.Dispose();
        turn?.Dispose();
        gate?.Dispose();
    }

    private Tensor Norm(Tensor x, Tensor? added, Tensor? of, Tensor weight, double eps)
    {
        var width = (int)x.size(-1);
        var result = of is null ? empty_like(x) : empty([of.size(0), width], type, x.device);
        if (result.size(0) > 0)
        {
            norm ??= KernelSource.Compile("norm_rows.cu", "norm_rows", type);
            // By the width alone, since it is divided among them.
            var vectors = Divide(width, vector);
            var threads = Math.Max(Math.Min(Divide(vectors, Fewer), NormThreads), Divide(vectors, More));
            norm.Launch(
                ((int)result.size(0), 1),
                Math.Min(Divide(threads, Warp) * Warp, MostThreads),
                x.Address(),
                added?.Address() ?? IntPtr.Zero,
                of?.Address() ?? IntPtr.Zero,
                weight.Address(),
                result.Address(),
                width,
                BitConverter.SingleToInt32Bits((float)eps));
        }

        return result;
    }
}
