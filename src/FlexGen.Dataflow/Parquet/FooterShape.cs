namespace FlexGen.Dataflow.Parquet;

/// <summary>
/// Which type each field of a footer has. Parquet.Net goes by the fields' numbers alone: one of another type takes it out of step, and it reads on for ever
/// behind the footer's end. What the format does not name both pass over, but for a truth. Some fields only spare readers work, and what drafts of the format
/// put under their numbers is passed over as other readers do, which go by types.
/// </summary>
internal sealed class FooterShape
{
    private const byte Bool = 1;
    private const byte I8 = 3;
    private const byte I64 = 6;
    private const byte Double = 7;
    private const byte Binary = 8;

    private static readonly FooterShape empty = new("a type");
    private static readonly FooterShape keyValue = new("a key and its value", Binary, Binary);
    private static readonly FooterShape timeUnit = new("a unit of time", empty, empty, empty);
    private static readonly FooterShape time = new("a time's type", Bool, timeUnit);
    private static readonly FooterShape logicalType = new(
        "a logical type", empty, empty, empty, empty, new FooterShape("a decimal's type", I64, I64),
        empty, time, time, null, new FooterShape("an integer's type", I8, Bool),
        empty, empty, empty, empty, empty, new FooterShape("a variant's type", I8), new FooterShape("a geometry's type", Binary),
        new FooterShape("a geography's type", Binary, I64));
    private static readonly FooterShape element = new("a schema's element", I64, I64, I64, Binary, I64, I64, I64, I64, I64, logicalType);
    private static readonly FooterShape statistics = new("statistics", Binary, Binary, I64, I64, Binary, Binary, Bool, Bool);
    private static readonly FooterShape sizes = new("statistics of sizes", I64, List(I64), List(I64));
    private static readonly FooterShape box = new("a bounding box", Double, Double, Double, Double, Double, Double, Double, Double);
    private static readonly FooterShape chunkData = new(
        "a column chunk's metadata", I64, List(I64), List(Binary), I64, I64, I64, I64, List(keyValue), I64, I64, I64, Hint(statistics),
        Hint(List(new FooterShape("statistics of encodings", I64, I64, I64))), Hint(I64), Hint(I64), Hint(sizes),
        Hint(new FooterShape("geospatial statistics", box, List(I64))));
    private static readonly FooterShape columnKey = new("a column's key", List(Binary), Binary);
    private static readonly FooterShape chunk = new(
        "a column chunk", Binary, I64, chunkData, I64, I64, I64, I64, new FooterShape("a column's encryption", empty, columnKey), Binary);
    private static readonly FooterShape rowGroup = new(
        "a row group", List(chunk), I64, I64, List(new FooterShape("a sorting column", I64, Bool, Bool)), I64, I64, I64);
    private static readonly FooterShape cipher = new("a cipher", Binary, Binary, Bool);

    private readonly string name;
    private readonly object?[] fields;

    private FooterShape(string name, params object?[] fields)
    {
        this.name = name;
        this.fields = fields;
    }

    public static FooterShape File { get; } = new(
        "the footer", I64, List(element), I64, List(rowGroup), List(keyValue), Binary, List(new FooterShape("a column's order", empty)),
        new FooterShape("the encryption", cipher, cipher), Binary);

    /// <param name="thrift">Where the structure begins.</param>
    /// <param name="edits">Takes what is to be left out of the footer for those who go by numbers, in order: from, to, and what is there instead.</param>
    /// <exception cref="InvalidDataException">A field has another type than the format says.</exception>
    public void Check(ref ThriftReader thrift, List<(int Start, int End, byte[] Instead)> edits)
    {
        var id = 0;
        var isAfterCut = false;
        for (var start = thrift.At; thrift.ReadField(ref id, out var type); start = thrift.At)
        {
            if (id > 0 && id <= fields.Length && fields[id - 1] is HintOf hint && !Agree(type, TypeOf(hint.Value)))
            {
                thrift.Skip(type);
                edits.Add((start, thrift.At, []));
                isAfterCut = true;
                continue;
            }

            if (isAfterCut)
            {
                // Fields are numbered from the one before, or spell their number.
                edits.Add((start, thrift.At, [type, .. ThriftReader.Integer(id)]));
                isAfterCut = false;
            }

            if (id > 0 && id <= fields.Length && fields[id - 1] is { } expected)
            {
                CheckValue(ref thrift, id, type, expected, edits);
            }
            else if (type is 1 or 2)
            {
                // Parquet.Net takes a byte for a truth that it does not know, which has none.
                throw new InvalidDataException($"field {id} of {name} is none that the format has");
            }
            else
            {
                thrift.Skip(type);
            }
        }
    }

    private static ListOf List(object element) => new(element);

    private static HintOf Hint(object value) => new(value);

    // Integers of 16, 32 and 64 bits are written alike.
    private static byte TypeOf(object expected) => expected switch
    {
        HintOf hint => TypeOf(hint.Value),
        ListOf => ThriftReader.List,
        FooterShape => ThriftReader.Struct,
        _ => (byte)expected,
    };

    private static bool Agree(byte type, byte expected) => expected switch
    {
        Bool => type is 1 or 2,
        I64 => type is 4 or 5 or 6,
        _ => type == expected,
    };

    private void CheckValue(ref ThriftReader thrift, int id, byte type, object expected, List<(int Start, int End, byte[] Instead)> edits)
    {
        if (!Agree(type, TypeOf(expected)))
        {
            throw new InvalidDataException($"field {id} of {name} has the type {type} of Thrift, where {TypeOf(expected)} is expected");
        }

        if (expected is HintOf hint)
        {
            CheckValue(ref thrift, id, type, hint.Value, edits);
        }
        else if (expected is FooterShape inner)
        {
            inner.Check(ref thrift, edits);
        }
        else if (expected is ListOf list)
        {
            var count = thrift.ReadList(out var element);
            for (var i = 0; i < count; i++)
            {
                CheckValue(ref thrift, id, element, list.Element, edits);
            }
        }
        else
        {
            thrift.Skip(type);
        }
    }

    private sealed record ListOf(object Element);

    private sealed record HintOf(object Value);
}
