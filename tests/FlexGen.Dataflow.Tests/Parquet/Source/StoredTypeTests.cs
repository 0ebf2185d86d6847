using System.Buffers.Binary;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Tests.Support;
using Parquet.Meta;
using static FlexGen.Dataflow.Tests.Support.RawParquet;
using Type = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

public sealed class StoredTypeTests : IDisposable
{
    private const string Added = "output, finish_reason, prompt_tokens, completion_tokens";

    private readonly Workplace place = new();

    private string File => Path.Combine(place.In, "a.parquet");

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Int96_passes_byte_by_byte_and_has_the_text_of_its_nanosecond()
    {
        await WriteAsync(File, 5, [Leaf("v", Type.INT96)], field => Flat(
            field, Int96(2_440_588, 0), Int96(2_461_369, 36_000_123_456_789), Int96(1_721_426, 1), null, Int96(2_440_587, 86_399_999_999_999)));
        await place.RunAsync(place.Options("<{{ v }}>"));
        Assert.Equal(
            ["0 <1970-01-01T00:00:00>", "1 <2026-11-24T10:00:00.123456789>", "2 <0001-01-01T00:00:00.000000001>", "4 <1969-12-31T23:59:59.999999999>"],
            Duck.Column($"SELECT id || ' ' || output FROM '{place.OutFiles}' ORDER BY id"));
        Assert.Equal(["null_value"], Duck.Column($"SELECT error_reason FROM '{place.ErrorFiles}'"));
        AssertStored();
    }

    [Fact]
    public async Task A_day_that_has_no_text_passes_where_none_is_asked_for_and_is_a_dead_letter_where_one_is()
    {
        await WriteAsync(File, 2, [Leaf("v", Type.INT96)], field => Flat(field, Int96(1_538_438, 0), Int96(2_440_588, 0)));
        await place.RunAsync(place.Options("x"));
        Assert.Equal(["0502-12-31 (BC) 00:00:00", "1970-01-01 00:00:00"], Duck.Column($"SELECT v::VARCHAR FROM '{place.OutFiles}' ORDER BY id"));
        AssertStored();
        Directory.Delete(place.Out, recursive: true);
        Directory.Delete(place.Errors, recursive: true);
        await place.RunAsync(place.Options("{{ v }}"));
        Assert.Equal(["1970-01-01T00:00:00"], Duck.Column($"SELECT output FROM '{place.OutFiles}'"));
        Assert.Equal(
            ["invalid_value 0502-12-31 (BC) 00:00:00"], Duck.Column($"SELECT error_reason || ' ' || v FROM '{place.ErrorFiles}'"));
    }

    [Fact]
    public async Task Every_annotation_in_either_spelling_gives_the_output_the_type_that_the_input_has()
    {
        SchemaElement[] elements = [.. Annotated().Select((element, i) => Named(element, $"c{i:D2}"))];
        await WriteAsync(File, 3, elements, field => field.ClrType switch
        {
            var type when type == typeof(int) => Flat<int>(field, 1, null, 2),
            var type when type == typeof(uint) => Flat<uint>(field, 1, null, 4_294_967_295),
            var type when type == typeof(long) => Flat<long>(field, 1, null, 2),
            var type when type == typeof(ulong) => Flat<ulong>(field, 1, null, 18_446_744_073_709_551_615),
            _ when field.Element.Type == Type.BYTE_ARRAY => Flat(field, Bytes([.. "12"u8]), null, Bytes([.. "0"u8])),
            _ => Flat(field, Bytes(Fixed(field, 1)), null, Bytes(Fixed(field, 2))),
        });
        Assert.True((await place.RunAsync(place.Options("x"))).Completed);
        AssertStored();
    }

    [Theory]
    [InlineData(Type.INT32, 0)]
    [InlineData(Type.INT64, 0)]
    [InlineData(Type.FIXED_LEN_BYTE_ARRAY, 3)]
    [InlineData(Type.BYTE_ARRAY, 0)]
    public async Task A_decimal_has_one_text_however_it_is_stored(Type type, int length)
    {
        var element = Leaf("v", type, converted: ConvertedType.DECIMAL, length: length == 0 ? null : length, precision: 5, scale: 2);
        await WriteAsync(File, 1, [element], field => type switch
        {
            Type.INT32 => Flat<int>(field, -1205),
            Type.INT64 => Flat<long>(field, -1205),
            _ => Flat(field, Bytes(0xff, 0xfb, 0x4b)),
        });
        await place.RunAsync(place.Options("{{ v }}"));
        Assert.Equal(["-12.05"], Duck.Column($"SELECT output FROM '{place.OutFiles}'"));
        AssertStored();
    }

    [Fact]
    public async Task A_half_has_a_text()
    {
        var element = Leaf("v", Type.FIXED_LEN_BYTE_ARRAY, new() { FLOAT16 = new() }, length: 2);
        await WriteAsync(File, 1, [element], field => Flat(field, Bytes(0x00, 0xbe)));
        await place.RunAsync(place.Options("{{ v }}"));
        Assert.Equal(["-1.5"], Duck.Column($"SELECT output FROM '{place.OutFiles}'"));
        AssertStored();
    }

    [Fact]
    public async Task Lists_of_two_levels_repeated_fields_and_repeated_groups_pass_as_they_are()
    {
        await WriteAsync(
            File,
            3,
            [
                Group("two", FieldRepetitionType.OPTIONAL, 1, ConvertedType.LIST), Repeated("array"),
                Repeated("bare"),
                Group("groups", FieldRepetitionType.REPEATED, 2), Leaf("a", Type.INT32), Leaf("b", Type.INT32),
                Group("x", FieldRepetitionType.OPTIONAL, 1), Leaf("y", Type.INT32), Leaf("x/y", Type.INT32),
            ],
            field => field.Path.ToString(".", null) switch
            {
                "two.array" => new TypedColumnData<int>(field, [1, 2], [2, 2, 0, 1], [0, 1, 0, 0]),
                "bare" => new TypedColumnData<int>(field, [1, 2, 3], [1, 0, 1, 1], [0, 0, 0, 1]),
                "groups.a" => new TypedColumnData<int>(field, [1, 2], [2, 1, 0, 2], [0, 1, 0, 0]),
                "groups.b" => new TypedColumnData<int>(field, [3, 4], [1, 2, 0, 2], [0, 1, 0, 0]),
                "x.y" => new TypedColumnData<int>(field, [7], [2, 1, 0], null),
                _ => Flat<int>(field, 8, null, 9),
            });
        await place.RunAsync(place.Options("x"));
        Assert.Equal(
            ["[1, 2]|[1]|[{'a': 1, 'b': NULL}, {'a': NULL, 'b': 3}]", "|[]|[]", "[]|[2, 3]|[{'a': 2, 'b': 4}]"],
            Duck.Column($"SELECT concat_ws('|', coalesce(two::VARCHAR, ''), bare, groups) FROM '{place.OutFiles}' ORDER BY id"));
        AssertStored();
    }

    [Fact]
    public async Task What_cannot_be_carried_is_refused_by_name_and_does_not_matter_where_it_is_not_chosen()
    {
        SchemaElement[] elements =
        [
            Leaf("twice", Type.INT32), Leaf("twice2", Type.INT32), Leaf("nameless", Type.INT32), Leaf("newer", Type.INT32), Leaf("odd", Type.INT32),
            Group("struct", FieldRepetitionType.OPTIONAL, 2), Leaf("a", Type.INT32), Leaf("b", Type.INT32), Leaf("elsewhere", Type.INT32),
        ];
        await WriteAsync(File, 2, elements, field => Flat<int>(field, 1, 2), metadata =>
        {
            metadata.Schema[3].Name = "twice";
            metadata.Schema[4].Name = "";
            metadata.Schema[5].LogicalType = new LogicalType();
            metadata.Schema[6].Type = (Type)9;
            metadata.Schema[9].Name = "a";
            metadata.RowGroups[0].Columns[^1].FilePath = "part-7.parquet";
        });
        await RefusedAsync("twice", "several columns of the name 'twice'");
        await RefusedAsync("", "a column without a name");
        await RefusedAsync("newer", "'newer'", "logical type that is newer", "leave it out with source.parquet.columns");
        await RefusedAsync("odd", "'odd'", "unknown physical type 9");
        await RefusedAsync("struct", "column 'struct'", "'struct.a' several times");
        await RefusedAsync("elsewhere", "column 'elsewhere'", "another file, part-7.parquet");
        var options = place.Options("{{ id }}");
        options.Source.Parquet!.Columns = ["id"];
        Assert.True((await place.RunAsync(options)).Completed);
        place.AssertEachIdOnce(2);
    }

    private async Task RefusedAsync(string column, params string[] parts)
    {
        var options = place.Options("x");
        options.Source.Parquet!.Columns = ["id", column];
        var why = await place.RefusalAsync(options);
        Assert.All([.. parts, "a.parquet"], part => Assert.Contains(part, why, StringComparison.Ordinal));
    }

    /// <summary>Names, types and values of what passed are those of the source.</summary>
    private void AssertStored()
    {
        var passed = Directory.EnumerateFiles(place.Errors, "*.parquet").Any()
            ? $"SELECT * EXCLUDE ({Added}) FROM '{place.OutFiles}' UNION ALL SELECT * EXCLUDE (error_reason, error, output, origin, origin_position) FROM '{place.ErrorFiles}'"
            : $"SELECT * EXCLUDE ({Added}) FROM '{place.OutFiles}'";
        Assert.Equal(Types($"SELECT * FROM '{File}'"), Types(passed));
        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM ((FROM '{File}' EXCEPT ALL ({passed})) UNION ALL (({passed}) EXCEPT ALL FROM '{File}'))"));
    }

    private static List<string?> Types(string query) => Duck.Column($"SELECT column_name || ' ' || column_type FROM (DESCRIBE {query})");

    private static IEnumerable<SchemaElement> Annotated()
    {
        (LogicalType, ConvertedType, Type)[] both =
        [
            (new() { STRING = new() }, ConvertedType.UTF8, Type.BYTE_ARRAY),
            (new() { ENUM = new() }, ConvertedType.ENUM, Type.BYTE_ARRAY),
            (new() { JSON = new() }, ConvertedType.JSON, Type.BYTE_ARRAY),
            (new() { DATE = new() }, ConvertedType.DATE, Type.INT32),
            (new() { TIME = new() { IsAdjustedToUTC = true, Unit = new() { MILLIS = new() } } }, ConvertedType.TIME_MILLIS, Type.INT32),
            (new() { TIME = new() { Unit = new() { MICROS = new() } } }, ConvertedType.TIME_MICROS, Type.INT64),
            (new() { TIMESTAMP = new() { IsAdjustedToUTC = true, Unit = new() { MILLIS = new() } } }, ConvertedType.TIMESTAMP_MILLIS, Type.INT64),
            (new() { TIMESTAMP = new() { Unit = new() { MICROS = new() } } }, ConvertedType.TIMESTAMP_MICROS, Type.INT64),
            (new() { INTEGER = new() { BitWidth = 8, IsSigned = true } }, ConvertedType.INT_8, Type.INT32),
            (new() { INTEGER = new() { BitWidth = 16, IsSigned = true } }, ConvertedType.INT_16, Type.INT32),
            (new() { INTEGER = new() { BitWidth = 32, IsSigned = true } }, ConvertedType.INT_32, Type.INT32),
            (new() { INTEGER = new() { BitWidth = 64, IsSigned = true } }, ConvertedType.INT_64, Type.INT64),
            (new() { INTEGER = new() { BitWidth = 8 } }, ConvertedType.UINT_8, Type.INT32),
            (new() { INTEGER = new() { BitWidth = 16 } }, ConvertedType.UINT_16, Type.INT32),
            (new() { INTEGER = new() { BitWidth = 32 } }, ConvertedType.UINT_32, Type.INT32),
            (new() { INTEGER = new() { BitWidth = 64 } }, ConvertedType.UINT_64, Type.INT64),
        ];
        foreach (var (logical, converted, type) in both)
        {
            yield return Leaf("", type, logical);
            yield return Leaf("", type, converted: converted);
            yield return Leaf("", type, logical, converted);
        }

        (Type, int?, int)[] decimals =
            [(Type.INT32, null, 4), (Type.INT64, null, 4), (Type.INT64, null, 17), (Type.FIXED_LEN_BYTE_ARRAY, 6, 9), (Type.BYTE_ARRAY, null, 30)];
        foreach (var (type, length, precision) in decimals)
        {
            var logical = new LogicalType { DECIMAL = new() { Precision = precision, Scale = 2 } };
            yield return Leaf("", type, logical, length: length, precision: precision, scale: 2);
            yield return Leaf("", type, converted: ConvertedType.DECIMAL, length: length, precision: precision, scale: 2);
        }

        yield return Leaf("", Type.INT64, new() { TIMESTAMP = new() { Unit = new() { NANOS = new() } } });
        yield return Leaf("", Type.INT64, new() { TIME = new() { Unit = new() { NANOS = new() } } });
        yield return Leaf("", Type.FIXED_LEN_BYTE_ARRAY, new() { UUID = new() }, length: 16);
        yield return Leaf("", Type.FIXED_LEN_BYTE_ARRAY, new() { FLOAT16 = new() }, length: 2);
        yield return Leaf("", Type.FIXED_LEN_BYTE_ARRAY, converted: ConvertedType.INTERVAL, length: 12);
        yield return Leaf("", Type.FIXED_LEN_BYTE_ARRAY, length: 7);
        // DuckDB knows it in this spelling alone.
        yield return Leaf("", Type.BYTE_ARRAY, new() { BSON = new() });
        yield return Leaf("", Type.BYTE_ARRAY);
        yield return Leaf("", Type.INT96);
    }

    private static SchemaElement Named(SchemaElement element, string name)
    {
        element.Name = name;
        return element;
    }

    private static SchemaElement Repeated(string name) => new() { Name = name, Type = Type.INT32, RepetitionType = FieldRepetitionType.REPEATED };

    private static byte[] Fixed(PhysicalField field, byte last) =>
        field.Element.Type == Type.INT96 ? Int96(2_440_588, last)!.Value.ToArray() : [.. new byte[field.Element.TypeLength!.Value - 1], last];

    private static ReadOnlyMemory<byte>? Int96(int julianDay, long nanos)
    {
        var bytes = new byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, nanos);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), julianDay);
        return bytes;
    }
}
