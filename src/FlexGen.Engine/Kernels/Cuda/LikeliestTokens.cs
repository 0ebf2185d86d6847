using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>The likeliest tokens of rows of logits on a GPU, which are read once: libtorch would write several tensors as large as they are.</summary>
/// <param name="type">Of the logits.</param>
internal sealed class LikeliestTokens(ScalarType type) : IDisposable
{
    private const int Threads = 512, WordBits = 32;
    private readonly CudaKernel kernel = KernelSource.Compile("likeliest_tokens.cu", "likeliest_tokens", type);

    /// <summary>Of all tokens, the first where several are: [rows], int64, in the current dispose scope.</summary>
    /// <param name="logits">[rows, vocabulary], contiguous.</param>
    /// <param name="ifNotFinite">Stands for the token where a row has NaN or infinity, or nothing else than minus infinity.</param>
    public Tensor Of(Tensor logits, int ifNotFinite) => Launch(logits, (int)logits.shape[0], IntPtr.Zero, IntPtr.Zero, ifNotFinite);

    /// <summary>Of the tokens that masks allow: [rows asked for], int64, in the current dispose scope.</summary>
    /// <param name="logits">[rows, vocabulary], contiguous.</param>
    /// <param name="rows">[rows asked for, 2], int32: a row, and its mask.</param>
    /// <param name="masks">Where masks lie, on the GPU or in pinned host memory: 32-bit words, a bit for each token.</param>
    /// <param name="ifNone">Stands for the token where all that are allowed are impossible.</param>
    public Tensor Of(Tensor logits, Tensor rows, IntPtr masks, int ifNone) => Launch(logits, (int)rows.shape[0], rows.Address(), masks, ifNone);

    public void Dispose() => kernel.Dispose();

    private Tensor Launch(Tensor logits, int blocks, IntPtr rows, IntPtr masks, int ifNone)
    {
        var (vocabulary, tokens) = (logits.shape[^1], empty([blocks], ScalarType.Int64, logits.device));
        if (blocks > 0)
        {
            kernel.Launch(
                (blocks, 1), Threads, logits.Address(), vocabulary, rows, masks, (vocabulary + WordBits - 1) / WordBits, tokens.Address(), ifNone);
        }

        return tokens;
    }
}
