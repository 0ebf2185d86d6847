using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// The instructions of <see cref="VnniProduct"/> for groups of one size: void(tile, elements, factors, sums, rows, groups). Behind the sums there is
/// room for as many integers.
/// </summary>
internal static class VnniCode
{
    private const Pointer Tile = Pointer.Rdi, Elements = Pointer.Rsi, Factors = Pointer.Rdx, Sums = Pointer.Rcx, Rows = Pointer.R8, Groups = Pointer.R9;
    private const Pointer Left = Pointer.Rax, Row = Pointer.R10, Walker = Pointer.R11;

    private const int Low = 0, Scale = 1, Zero = 2, Products = 3, Others = 4, Factor = 5, Float16 = 6, Unscale = 7, LowNibbles = 8, HighNibbles = 16;

    private const int CacheLine = 64;

    /// <summary>Bytes, in the second cache: for one row a quarter faster than 4,096 in the first, for many as fast.</summary>
    private const int Ahead = 2048;

    /// <summary>Words of a row that are split into registers at once.</summary>
    private const int MostWords = 8;

    public static byte[] Make(PackedShape shape, int groupBytes)
    {
        var (code, words) = (new VectorAssembler(), shape.Group / PackedShape.WordElements);
        code.Broadcast(Low, 0x0F0F0F0F);
        code.Broadcast(Float16, 0x8FFFE000);
        code.Broadcast(Unscale, BitConverter.SingleToUInt32Bits(HostVectors.Unscale<Half>()));
        var groups = code.BeginLoop();
        for (var n = 0; n < shape.BlockBytes; n += CacheLine)
        {
            code.Prefetch(Tile, Ahead + n);
        }

        code.Load(Zero, Tile, shape.WordBytes);
        code.ShiftLeft(Scale, Zero, 16);
        ToFloat(code, Scale);
        ToFloat(code, Zero);
        for (var first = 0; first < words; first += MostWords)
        {
            Multiply(code, first, Math.Min(MostWords, words - first), isLast: first + MostWords >= words, groupBytes);
        }

        code.Add(Tile, shape.BlockBytes);
        code.EndLoop(Groups, groups);
        code.Return();
        return code.Code.ToArray();
    }

    /// <summary>A float16 in the upper half of each number: its exponent, in float32's place, is too small by 112.</summary>
    private static void ToFloat(VectorAssembler code, int register)
    {
        code.ShiftRightSigned(register, register, 3);
        code.And(register, register, Float16);
        code.Multiply(register, register, Unscale);
    }

    /// <summary>Some words of each of a block's rows with all rows of activations. Unless they are the last, the products are kept as integers.</summary>
    private static void Multiply(VectorAssembler code, int first, int words, bool isLast, int groupBytes)
    {
        for (var n = 0; n < words; n++)
        {
            code.Load(LowNibbles + n, Tile, (first + n) * CacheLine);
            code.ShiftRightHalves(HighNibbles + n, LowNibbles + n, 4);
            code.And(HighNibbles + n, HighNibbles + n, Low);
            code.And(LowNibbles + n, LowNibbles + n, Low);
        }

        // The last words' rows are walked by the groups' own pointers, which are then at the next group.
        var (elements, integers) = isLast ? (Elements, Walker) : (Walker, Row);
        code.Move(integers, Rows);
        code.ShiftLeft(integers, 6);
        code.Add(integers, Sums);
        code.Move(isLast ? Row : Walker, isLast ? Sums : Elements);
        code.Move(Left, Rows);
        var rows = code.BeginLoop();
        if (first == 0)
        {
            code.Clear(Products);
        }
        else
        {
            code.Load(Products, integers);
        }

        code.Clear(Others);
        for (var n = 0; n < words; n++)
        {
            var at = (first + n) * PackedShape.WordElements;
            code.AddProducts(Products, LowNibbles + n, elements, at);
            code.AddProducts(Others, HighNibbles + n, elements, at + sizeof(int));
        }

        code.AddIntegers(Products, Products, Others);
        if (isLast)
        {
            AddGroup(code);
        }
        else
        {
            code.Store(integers, Products);
        }

        code.Add(integers, CacheLine);
        code.Add(elements, groupBytes);
        code.EndLoop(Left, rows);
    }

    private static void AddGroup(VectorAssembler code)
    {
        code.ToFloat(Products, Products);
        code.MultiplyOne(Factor, Scale, Factors, 0);
        code.SubtractProductWithOne(Products, Zero, Factors, sizeof(float));
        code.MultiplyAdd(Products, Factor, Row);
        code.Store(Row, Products);
        code.Add(Row, CacheLine);
        code.Add(Factors, 2 * sizeof(float));
    }
}
