using System.Buffers.Binary;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>A register that holds an address or a count, by its number.</summary>
internal enum Pointer
{
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
}

/// <summary>
/// The few AVX-512 instructions that .NET has no intrinsics for where they are needed, and those around them, as the processor reads them. Vector
/// registers are numbers from 0 to 31; all are of 512 bits.
/// </summary>
internal sealed class VectorAssembler
{
    private const int Float = 0, Integer = 1;
    private const int Map0F = 1, Map0F38 = 2;
    private const int VectorBytes = 64;
    private const int LoopAlignment = 64;
    private readonly List<byte> code = [];

    public ReadOnlySpan<byte> Code => code.ToArray();

    public void Load(int to, Pointer from, int offset = 0) => Memory(Map0F, Float, 0x10, to, 0, from, offset);

    public void Store(Pointer to, int from) => Memory(Map0F, Float, 0x11, from, 0, to, 0);

    public void And(int to, int a, int b) => Registers(Map0F, Integer, 0xDB, to, a, b);

    public void Clear(int to) => Registers(Map0F, Integer, 0xEF, to, to, to);

    public void AddIntegers(int to, int a, int b) => Registers(Map0F, Integer, 0xFE, to, a, b);

    public void ShiftRightHalves(int to, int from, byte bits) => Shift(0x71, 2, to, from, bits);

    public void ShiftLeft(int to, int from, byte bits) => Shift(0x72, 6, to, from, bits);

    public void ShiftRightSigned(int to, int from, byte bits) => Shift(0x72, 4, to, from, bits);

    public void ToFloat(int to, int from) => Registers(Map0F, Float, 0x5B, to, 0, from);

    public void Multiply(int to, int a, int b) => Registers(Map0F, Float, 0x59, to, a, b);

    /// <summary>Products with one float.</summary>
    public void MultiplyOne(int to, int a, Pointer one, int offset) => Memory(Map0F, Float, 0x59, to, a, one, offset, broadcast: true);

    /// <summary>sum -= a * one float, rounded once.</summary>
    public void SubtractProductWithOne(int sum, int a, Pointer one, int offset) => Memory(Map0F38, Integer, 0xBC, sum, a, one, offset, broadcast: true);

    /// <summary>a = a * b + addend, rounded once.</summary>
    public void MultiplyAdd(int a, int b, Pointer addend) => Memory(Map0F38, Integer, 0xA8, a, b, addend, 0);

    /// <summary>Adds to each of 16 integers 4 products of unsigned bytes with the same 4 signed bytes.</summary>
    public void AddProducts(int sum, int unsigned, Pointer signed, int offset) =>
        Memory(Map0F38, Integer, 0x50, sum, unsigned, signed, offset, broadcast: true);

    /// <summary>Asks for a line, in the second cache.</summary>
    public void Prefetch(Pointer from, int offset)
    {
        Rex((int)from, 0, wide: false);
        code.AddRange([0x0F, 0x18, (byte)(0x90 | ((int)from & 7))]);
        Number(offset);
    }

    /// <summary>All 16 numbers are one; Rax is lost.</summary>
    public void Broadcast(int to, uint number)
    {
        code.Add(0xB8);
        Number(unchecked((int)number));
        Registers(Map0F38, Integer, 0x7C, to, 0, (int)Pointer.Rax);
    }

    public void Move(Pointer to, Pointer from) => Pointers(0x89, to, from);

    public void Add(Pointer to, Pointer addend) => Pointers(0x01, to, addend);

    public void Add(Pointer to, int number)
    {
        Rex((int)to, 0, wide: true);
        code.AddRange([0x81, (byte)(0xC0 | ((int)to & 7))]);
        Number(number);
    }

    public void ShiftLeft(Pointer to, byte bits)
    {
        Rex((int)to, 0, wide: true);
        code.AddRange([0xC1, (byte)(0xE0 | ((int)to & 7)), bits]);
    }

    /// <summary>Where a loop begins.</summary>
    public int BeginLoop()
    {
        while (code.Count % LoopAlignment != 0)
        {
            code.Add(0x90);
        }

        return code.Count;
    }

    /// <summary>Counts down, and goes back to the beginning until there is nothing left.</summary>
    public void EndLoop(Pointer count, int begin)
    {
        Rex((int)count, 0, wide: true);
        code.AddRange([0xFF, (byte)(0xC8 | ((int)count & 7)), 0x0F, 0x85]);
        Number(begin - (code.Count + sizeof(int)));
    }

    public void Return() => code.AddRange([0xC5, 0xF8, 0x77, 0xC3]);

    private void Pointers(byte opcode, Pointer to, Pointer from)
    {
        Rex((int)to, (int)from, wide: true);
        code.AddRange([opcode, (byte)(0xC0 | (((int)from & 7) << 3) | ((int)to & 7))]);
    }

    private void Rex(int rm, int register, bool wide)
    {
        var prefix = 0x40 | (wide ? 8 : 0) | (register >> 3 << 2) | (rm >> 3);
        if (prefix != 0x40)
        {
            code.Add((byte)prefix);
        }
    }

    private void Shift(byte opcode, int extension, int to, int from, byte bits)
    {
        Registers(Map0F, Integer, opcode, extension, to, from);
        code.Add(bits);
    }

    private void Registers(int map, int prefix, byte opcode, int register, int first, int second)
    {
        Evex(map, prefix, register, first, second, broadcast: false);
        code.AddRange([opcode, (byte)(0xC0 | ((register & 7) << 3) | (second & 7))]);
    }

    /// <summary>An offset that is a small multiple of what is read takes one byte.</summary>
    private void Memory(int map, int prefix, byte opcode, int register, int first, Pointer second, int offset, bool broadcast = false)
    {
        Evex(map, prefix, register, first, (int)second, broadcast);
        var (unit, operands) = (broadcast ? sizeof(int) : VectorBytes, ((register & 7) << 3) | ((int)second & 7));
        if (offset % unit == 0 && offset / unit is >= sbyte.MinValue and <= sbyte.MaxValue)
        {
            code.AddRange([opcode, (byte)(0x40 | operands), (byte)(offset / unit)]);
            return;
        }

        code.AddRange([opcode, (byte)(0x80 | operands)]);
        Number(offset);
    }

    private void Evex(int map, int prefix, int register, int first, int second, bool broadcast) => code.AddRange([
        0x62,
        (byte)((((~register >> 3) & 1) << 7) | (((~second >> 4) & 1) << 6) | (((~second >> 3) & 1) << 5) | (((~register >> 4) & 1) << 4) | map),
        (byte)(((~first & 15) << 3) | 4 | prefix),
        (byte)(0x40 | (broadcast ? 0x10 : 0) | (((~first >> 4) & 1) << 3))]);

    private void Number(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        code.AddRange(bytes);
    }
}
