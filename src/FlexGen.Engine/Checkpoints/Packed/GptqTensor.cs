using System.Runtime.Intrinsics;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>A weight as GPTQ stores it: qweight [in / 8, out], a word being 8 inputs of one output from the lowest bits on.</summary>
/// <param name="name">The weight's name.</param>
/// <param name="packed">The form that it is read in.</param>
/// <param name="storedGroup">Inputs that share a scale.</param>
/// <param name="config">What config.json says.</param>
/// <param name="numbers">qweight.</param>
/// <param name="zeros">qzeros.</param>
/// <param name="scales">scales.</param>
/// <param name="groupOfInput">g_idx: the group of each input; null: it is not stored.</param>
internal sealed unsafe class GptqTensor(
    string name,
    PackedShape packed,
    long storedGroup,
    QuantizationConfig config,
    StoredPart numbers,
    StoredPart zeros,
    StoredPart scales,
    StoredPart? groupOfInput) : ColumnwiseTensor(name, packed, storedGroup, numbers, zeros, scales)
{
    private static readonly byte[] inOrder = [0, 4, 8, 12, 16, 20, 24, 28];

    protected override ReadOnlySpan<byte> ZeroShifts => inOrder;

    protected override int AddedToZeros => config.ZerosAreLessOne ? 1 : 0;

    protected override (long Rows, long Columns) StoredShape => (Packed.Columns / PackedShape.WordElements, Packed.Rows);

    protected override void Check()
    {
        base.Check();
        RequireOrder();
        RequireMiddle();
    }

    protected override void PackWords(uint* stored, int outputs, int first, int count, long word, int wordCount, uint* to)
    {
        for (var n = 0; n < wordCount; n++, to += PackedShape.TileRows)
        {
            var from = stored + ((word + n) * outputs) + first;
            for (var output = 0; output < count; output += Vector256<uint>.Count)
            {
                var words = Vector256.Load(from + output);
                (Gathered(words) | (Gathered(words >> 4) << 16)).Store(to + output);
            }
        }
    }

    /// <summary>Every second of a word's 4-bit numbers, from the lowest, in its lower half.</summary>
    private static Vector256<uint> Gathered(Vector256<uint> words)
    {
        var inBytes = words & Vector256.Create(0x0F0F0F0Fu);
        var inPairs = (inBytes | (inBytes >> 4)) & Vector256.Create(0x00FF00FFu);
        return (inPairs | (inPairs >> 8)) & Vector256.Create(0x0000FFFFu);
    }

    private void RequireOrder()
    {
        if (groupOfInput is null)
        {
            if (config.IsByActivation)
            {
                throw Numbers.Refused($"is stored by order of activation ('{QuantizationConfig.Key}.desc_act' is true) without a g_idx that says which");
            }

            return;
        }

        groupOfInput.Require(["I32"], Packed.Columns);
        var groups = new int[Packed.Columns];
        fixed (int* to = groups)
        {
            groupOfInput.File.Read(groupOfInput.Entry, 0, (IntPtr)to, Packed.Columns * sizeof(int));
        }

        for (var input = 0; input < groups.Length; input++)
        {
            if (groups[input] != input / StoredGroup)
            {
                throw groupOfInput.Refused($"puts input {input} into group {groups[input]}, not {input / StoredGroup}: weights that were quantised by order of "
                    + "activation (desc_act, act-order) cannot be read; use a checkpoint with desc_act false");
            }
        }
    }

    /// <summary>Some programs write one version's zeros under the other's name; where the zero must be 8, that shows.</summary>
    private void RequireMiddle()
    {
        if (!config.IsSymmetric)
        {
            return;
        }

        var (own, other) = config.ZerosAreLessOne ? (QuantizationConfig.Gptq1, QuantizationConfig.Gptq2) : (QuantizationConfig.Gptq2, QuantizationConfig.Gptq1);
        var (middle, found) = config.ZerosAreLessOne ? (7, 8) : (8, 7);
        var ofFirstGroup = new byte[Packed.Rows / 2];
        Zeros.File.Read(Zeros.Entry, 0, ofFirstGroup);
        if (ofFirstGroup.All(two => two == found * 0x11))
        {
            throw Zeros.Refused($"has zeros of {found}, where '{QuantizationConfig.Key}.sym' is true and the format is {own}, which stores them as {middle}: "
                + $"they are of {other}; write \"checkpoint_format\": \"{other}\" in config.json if that is so");
        }
    }
}
