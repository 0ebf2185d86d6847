using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Parquet.Source;
using FlexGen.Dataflow.Tests.Support;
using Parquet.Meta;
using static FlexGen.Dataflow.Tests.Support.RawParquet;
using Type = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

/// <summary>Files whose types differ and have one that takes all their values.</summary>
public sealed class WideningTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("(i - 2)::TINYINT", "(i * 300)::SMALLINT", "SMALLINT")]
    [InlineData("(i + 250)::UTINYINT", "(i - 2)::TINYINT", "SMALLINT")]
    [InlineData("(i + 250)::UTINYINT", "(i * 300)::USMALLINT", "USMALLINT")]
    [InlineData("(i + 65530)::USMALLINT", "(i - 2)::TINYINT", "INTEGER")]
    [InlineData("(i + 65530)::USMALLINT", "(i + 4294967290)::UINTEGER", "UINTEGER")]
    [InlineData("(i + 4294967290)::UINTEGER", "(i - 2)::INTEGER", "BIGINT")]
    [InlineData("(i + 4294967290)::UINTEGER", "(18446744073709551610 + i)::UBIGINT", "UBIGINT")]
    [InlineData("(i + 250)::UTINYINT", "(18446744073709551610 + i)::UBIGINT", "UBIGINT")]
    [InlineData("(i - 2)::INTEGER", "(9007199254740993 + i)::BIGINT", "BIGINT")]
    [InlineData("(i / 7)::FLOAT", "(i / 7)::DOUBLE", "DOUBLE")]
    [InlineData("(i - 2.25)::DECIMAL(4,2)", "(i - 2.25)::DECIMAL(9,2)", "DECIMAL(9,2)")]
    [InlineData("(i - 2.25)::DECIMAL(9,2)", "(i - 2.1234)::DECIMAL(9,4)", "DECIMAL(11,4)")]
    [InlineData("(i - 9999999999999999.25)::DECIMAL(18,2)", "(i - 2.123456)::DECIMAL(18,6)", "DECIMAL(22,6)")]
    [InlineData("(i - 2.25)::DECIMAL(4,2)", "(i - 2.0123456789)::DECIMAL(38,10)", "DECIMAL(38,10)")]
    [InlineData("(i - 99999999999999999999.5)::DECIMAL(28,1)", "(i - 2.0123456789)::DECIMAL(11,10)", "DECIMAL(37,10)")]
    [InlineData("make_timestamp_ms(i * 1000000000001 - 1)", "make_timestamp(i * 1000000000001 - 1)", "TIMESTAMP")]
    [InlineData("make_timestamp_ms(i * 1000000000001 - 1)", "make_timestamp_ns(i * 1000000000001 - 1)", "TIMESTAMP_NS")]
    [InlineData("make_timestamp(i * 1000000000001 - 1)", "make_timestamp_ns(i * 1000000000001 - 1)", "TIMESTAMP_NS")]
    public async Task Values_of_both_types_pass_in_the_smallest_that_takes_both_wherever_they_stand(string narrow, string wide, string type)
    {
        string[] order = ["a.parquet", "b.parquet"];
        foreach (var files in new string[][] { order, [.. order.Reverse()] })
        {
            place.WriteSource(Everywhere(narrow, 0), files[0]);
            place.WriteSource(Everywhere(wide, 10), files[1]);
            Assert.True((await place.RunAsync(Widening("{{ id }}"))).Completed);
            string[] types = [type, $"{type}[]", $"STRUCT(a {type})", $"MAP(VARCHAR, {type})", $"STRUCT(x {type}[])[]"];
            Assert.Equal(types, Duck.Column($"SELECT column_type FROM (DESCRIBE SELECT flat, items, parts, pairs, deep FROM '{place.OutFiles}')"));
            var cast = $"id, flat::{types[0]}, items::{types[1]}, parts::{types[2]}, pairs::{types[3]}, deep::{types[4]}";
            var source = string.Join(" UNION ALL ", order.Select(name => $"SELECT {cast} FROM '{Path.Combine(place.In, name)}'"));
            var passed = $"SELECT id, flat, items, parts, pairs, deep FROM '{place.OutFiles}'";
            Assert.Equal(0, Duck.Count($"SELECT count(*) FROM ((({source}) EXCEPT ALL {passed}) UNION ALL ({passed} EXCEPT ALL ({source})))"));
            Assert.Equal(8, Duck.Count($"SELECT count(*) FROM ({passed})"));
            Directory.Delete(place.Out, recursive: true);
        }
    }

    [Theory]
    [InlineData("1::DECIMAL(38,0)", "1::DECIMAL(38,10)")]
    [InlineData("1::UBIGINT", "1::TINYINT")]
    [InlineData("1::BIGINT", "1::DOUBLE")]
    [InlineData("1::INTEGER", "1::DECIMAL(9,2)")]
    [InlineData("DATE '2026-01-01'", "TIMESTAMP '2026-01-01'")]
    [InlineData("TIMESTAMP '2026-01-01'", "TIMESTAMPTZ '2026-01-01 00:00:00Z'")]
    [InlineData("1::BIGINT", "TIMESTAMP '2026-01-01'")]
    [InlineData("'a'::VARCHAR", "'a'::BLOB")]
    [InlineData("{'a': 1::TINYINT}", "{'b': 1::INTEGER}")]
    [InlineData("{'a': 1::TINYINT}", "[1::INTEGER]")]
    [InlineData("{'a': 1::TINYINT, 'b': 1::UBIGINT}", "{'a': 1::INTEGER, 'b': 1::INTEGER}")]
    public async Task Types_without_a_common_one_are_refused_with_files_and_types(string first, string second)
    {
        place.WriteSource($"SELECT 1 AS id, 'a' AS text, {first} AS c");
        place.WriteSource($"SELECT 2 AS id, 'b' AS text, {second} AS c", "b.parquet");
        var why = await place.RefusalAsync(Widening());
        Assert.All(["'c'", "a.parquet", "b.parquet", "write the files with one type"], part => Assert.Contains(part, why, StringComparison.Ordinal));
        Assert.DoesNotContain("widen", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_refusal_names_a_type_that_a_file_has_where_what_they_have_in_common_is_of_none()
    {
        place.WriteSource("SELECT 1 AS id, 'a' AS text, 1::UTINYINT AS c");
        place.WriteSource("SELECT 2 AS id, 'b' AS text, 1::TINYINT AS c", "b.parquet");
        place.WriteSource("SELECT 3 AS id, 'c' AS text, 1::UBIGINT AS c", "c.parquet");
        var why = await place.RefusalAsync(Widening());
        Assert.Contains("is uint64 as int64 in ", why, StringComparison.Ordinal);
        Assert.Contains("but int8 as int32 in ", why, StringComparison.Ordinal);
        Assert.Contains("b.parquet", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_overflows_the_wider_type_is_a_dead_letter_and_those_around_it_pass()
    {
        place.WriteSource("SELECT i AS id, 'a' AS text, make_timestamp_ms(1000 + i * 9223372036854) AS t, [t, make_timestamp_ms(-i)] AS l FROM range(3) r(i)");
        place.WriteSource("SELECT 3 AS id, 'b' AS text, make_timestamp_ns(-1) AS t, [t] AS l", "b.parquet");
        var summary = await place.RunAsync(Widening());
        Assert.Equal(2, summary.ErrorsByReason["value_out_of_range"]);
        Assert.Equal(
            ["0 1970-01-01 00:00:01 2", "3 1969-12-31 23:59:59.999999999 1"],
            Duck.Column($"SELECT concat_ws(' ', id, t, len(l)) FROM '{place.OutFiles}' ORDER BY id"));
        var letters = Duck.Query($"SELECT id, t IS NULL AND l IS NULL, error FROM '{place.ErrorFiles}' ORDER BY id");
        Assert.Equal([1L, 2L], letters.Select(letter => letter[0]));
        Assert.All(letters, letter => Assert.Equal(true, letter[1]));
        Assert.Contains("9223372037854", (string)letters[0][2]!, StringComparison.Ordinal);
        Assert.Contains("timestamp(ns)", (string)letters[0][2]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("time", "10:00:00.001", "10:00:00.000002")]
    [InlineData("half", "-1.5", "0.25")]
    [InlineData("decimal", "-12.0500", "-7.0001")]
    [InlineData("bytes", "-12.0500", "-7.0001")]
    [InlineData("null", "-", "7")]
    [InlineData("spelling", "-12.05", "-12.05")]
    public async Task What_DuckDB_does_not_write_is_widened_too(string kind, string first, string second)
    {
        await WriteAsync(Path.Combine(place.In, "a.parquet"), 2, [Pair(kind).Narrow], field => kind switch
        {
            "time" => Flat<int>(field, 36_000_001, null),
            "half" => Flat(field, Bytes(0x00, 0xbe), null),
            "null" => Flat<int>(field, null, null),
            "spelling" => Flat<int>(field, -1_205, null),
            _ => Flat(field, Bytes(0xff, 0xfb, 0x4b), null),
        });
        await WriteAsync(Path.Combine(place.In, "b.parquet"), 1, [Pair(kind).Wide], field => kind switch
        {
            "time" => Flat<long>(field, 36_000_000_002),
            "half" => Flat<float>(field, 0.25f),
            "null" => Flat<long>(field, 7),
            "spelling" => Flat<long>(field, -1_205),
            "decimal" => Flat<long>(field, -70_001),
            _ => Flat(field, Bytes(0xfe, 0xee, 0x8f)),
        });
        Assert.True((await place.RunAsync(Widening("x"))).Completed);
        Assert.Equal(
            new[] { first, "-", second }.Order(), Duck.Column($"SELECT coalesce(v::VARCHAR, '-') FROM '{place.OutFiles}'").Order());
        var type = kind switch
        {
            "time" => "TIME",
            "half" => "FLOAT",
            "null" => "BIGINT",
            "spelling" => "DECIMAL(5,2)",
            _ => "DECIMAL(9,4)",
        };
        Assert.Equal([type], Duck.Column($"SELECT column_type FROM (DESCRIBE SELECT v FROM '{place.OutFiles}')"));
    }

    [Fact]
    public async Task A_number_that_its_own_type_does_not_have_is_a_dead_letter()
    {
        await WriteAsync(
            Path.Combine(place.In, "a.parquet"), 2, [Leaf("v", Type.INT32, new() { INTEGER = new() { BitWidth = 8 } })], field => Flat<int>(field, 300, 255));
        await WriteAsync(Path.Combine(place.In, "b.parquet"), 1, [Leaf("v", Type.INT64)], field => Flat<long>(field, 1));
        Assert.Equal(1, (await place.RunAsync(Widening("x"))).ErrorsByReason["value_out_of_range"]);
        Assert.Equal(["1", "255"], Duck.Column($"SELECT v FROM '{place.OutFiles}' ORDER BY v"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_one_file_requires_within_a_column_and_another_does_not_may_be_null(bool isRequiredFirst)
    {
        string[] files = isRequiredFirst ? ["a.parquet", "b.parquet"] : ["b.parquet", "a.parquet"];
        await WriteAsync(
            Path.Combine(place.In, files[0]),
            2,
            [Group("s", FieldRepetitionType.REQUIRED, 1), Group("l", FieldRepetitionType.OPTIONAL, 1, ConvertedType.LIST),
                Group("list", FieldRepetitionType.REPEATED, 1), Required("element", Type.INT32)],
            field => new TypedColumnData<int>(field, [1, 2], [2, 2, 0], [0, 1, 0]));
        await WriteAsync(
            Path.Combine(place.In, files[1]),
            3,
            [Group("s", FieldRepetitionType.OPTIONAL, 1), Group("l", FieldRepetitionType.OPTIONAL, 1, ConvertedType.LIST),
                Group("list", FieldRepetitionType.REPEATED, 1), Leaf("element", Type.INT32)],
            field => new TypedColumnData<int>(field, [3], [4, 3, 0, 2], [0, 1, 0, 0]));
        Assert.True((await place.RunAsync(place.Options("x"))).Completed);
        Assert.Equal(
            new[] { "{'l': [1, 2]}", "{'l': NULL}", "{'l': [3, NULL]}", "-", "{'l': []}" }.Order(),
            Duck.Column($"SELECT coalesce(s::VARCHAR, '-') FROM '{place.OutFiles}'").Order());
    }

    [Fact]
    public async Task A_nested_column_that_is_never_null_may_be_missing_in_a_file()
    {
        await WriteAsync(
            Path.Combine(place.In, "a.parquet"),
            1,
            [Group("s", FieldRepetitionType.REQUIRED, 1), Required("x", Type.INT32)],
            field => new TypedColumnData<int>(field, [5], null, null));
        await WriteAsync(Path.Combine(place.In, "b.parquet"), 1, [Leaf("other", Type.INT32)], field => Flat<int>(field, 1));
        Assert.True((await place.RunAsync(Widening("x"))).Completed);
        Assert.Equal(["-", "{'x': 5}"], Duck.Column($"SELECT coalesce(s::VARCHAR, '-') FROM '{place.OutFiles}'").Order());
    }

    [Fact]
    public async Task Part_files_of_a_narrower_type_are_refused()
    {
        place.WriteSource("SELECT 1 AS id, 'a' AS text, 1.5::DECIMAL(9,2) AS c");
        await place.RunAsync(Widening());
        place.WriteSource("SELECT 2 AS id, 'b' AS text, 1.5::DECIMAL(9,4) AS c", "b.parquet");
        Assert.Contains(
            "part-00000000.parquet has the column 'c' as decimal(9,2) as int32, but this pipeline writes decimal(11,4) as int64: choose another folder",
            await place.RefusalAsync(Widening()),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_common_type_of_many_does_not_depend_on_their_order()
    {
        SchemaElement[] all = [.. Leaves()];
        foreach (var a in all)
        {
            foreach (var b in all)
            {
                Assert.Equal(Name(Common(a, b)), Name(Common(b, a)));
                foreach (var c in all)
                {
                    Assert.Equal(Name(Common(Common(a, b), c)), Name(Common(a, Common(b, c))));
                }
            }
        }

        static SchemaElement? Common(SchemaElement? a, SchemaElement? b) => a is null || b is null ? null : CommonType.Of(a, b);
        static string Name(SchemaElement? leaf) => leaf is null ? "none" : CommonType.NameOf(leaf);
    }

    private static IEnumerable<SchemaElement> Leaves()
    {
        foreach (var bits in new sbyte[] { 8, 16, 32, 64 })
        {
            foreach (var isSigned in new[] { true, false })
            {
                yield return Leaf("", bits == 64 ? Type.INT64 : Type.INT32, new() { INTEGER = new() { BitWidth = bits, IsSigned = isSigned } });
            }
        }

        (Type, int?, int, int)[] decimals =
        [
            (Type.INT32, null, 5, 2), (Type.INT32, null, 9, 9), (Type.INT64, null, 5, 2), (Type.INT64, null, 18, 0), (Type.FIXED_LEN_BYTE_ARRAY, 9, 20, 3),
            (Type.FIXED_LEN_BYTE_ARRAY, 16, 38, 0), (Type.FIXED_LEN_BYTE_ARRAY, 16, 38, 10), (Type.BYTE_ARRAY, null, 30, 4), (Type.BYTE_ARRAY, null, 42, 4),
        ];
        foreach (var (type, length, precision, scale) in decimals)
        {
            yield return Leaf("", type, converted: ConvertedType.DECIMAL, length: length, precision: precision, scale: scale);
        }

        TimeUnit[] units = [new() { MILLIS = new() }, new() { MICROS = new() }, new() { NANOS = new() }];
        foreach (var unit in units)
        {
            yield return Leaf("", Type.INT64, new() { TIMESTAMP = new() { Unit = unit } });
            yield return Leaf("", Type.INT64, new() { TIMESTAMP = new() { Unit = unit, IsAdjustedToUTC = true } });
            yield return Leaf("", unit.MILLIS is null ? Type.INT64 : Type.INT32, new() { TIME = new() { Unit = unit } });
        }

        yield return Leaf("", Type.FIXED_LEN_BYTE_ARRAY, new() { FLOAT16 = new() }, length: 2);
        yield return Leaf("", Type.FLOAT);
        yield return Leaf("", Type.DOUBLE);
        yield return Leaf("", Type.INT32, new() { UNKNOWN = new() });
        yield return Leaf("", Type.INT32, converted: ConvertedType.DATE);
        yield return Leaf("", Type.BYTE_ARRAY, converted: ConvertedType.UTF8);
    }

    private static (SchemaElement Narrow, SchemaElement Wide) Pair(string kind) => kind switch
    {
        "time" => (
            Leaf("v", Type.INT32, new() { TIME = new() { Unit = new() { MILLIS = new() } } }),
            Leaf("v", Type.INT64, new() { TIME = new() { Unit = new() { MICROS = new() } } })),
        "half" => (Leaf("v", Type.FIXED_LEN_BYTE_ARRAY, new() { FLOAT16 = new() }, length: 2), Leaf("v", Type.FLOAT)),
        "null" => (Leaf("v", Type.INT32, new() { UNKNOWN = new() }), Leaf("v", Type.INT64)),
        "spelling" => (Decimal(Type.INT32, 5, 2), Decimal(Type.INT64, 5, 2)),
        "decimal" => (Decimal(Type.FIXED_LEN_BYTE_ARRAY, 7, 2, 3), Decimal(Type.INT64, 9, 4)),
        _ => (Decimal(Type.BYTE_ARRAY, 7, 2), Decimal(Type.BYTE_ARRAY, 9, 4)),
    };

    private static SchemaElement Decimal(Type type, int precision, int scale, int? length = null) =>
        Leaf("v", type, converted: ConvertedType.DECIMAL, length: length, precision: precision, scale: scale);

    private static SchemaElement Required(string name, Type type) => new() { Name = name, Type = type, RepetitionType = FieldRepetitionType.REQUIRED };

    // Four rows, one of them of nulls.
    private static string Everywhere(string value, int id) => $$"""
        SELECT {{id}} + i AS id, v AS flat, [v, NULL, v] AS items, {'a': v} AS parts, MAP {'k': v} AS pairs, [{'x': [v]}, NULL] AS deep
        FROM (SELECT i, IF(i = 1, NULL, {{value}}) AS v FROM range(4) t(i))
        """;

    private PipelineOptions Widening(string template = "{{ text }}")
    {
        var options = place.Options(template);
        options.Source.Parquet!.OnSchemaChange = "widen";
        return options;
    }
}
