using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

public sealed class ColumnTypeTests : IDisposable
{
    // Each with a null, and with values that would lose something if they were converted on the way.
    private const string Types = """
        SELECT i AS id, 'text ' || i AS text, IF(i % 3 = 0, NULL, v) AS v FROM (SELECT i, {0} AS v FROM range(50) t(i))
        """;

    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("i % 2 = 0")]
    [InlineData("i::TINYINT")]
    [InlineData("i::UTINYINT")]
    [InlineData("(i - 20)::SMALLINT")]
    [InlineData("i::USMALLINT")]
    [InlineData("(i - 20)::INTEGER")]
    [InlineData("(4294967200 + i)::UINTEGER")]
    [InlineData("(9007199254740993 + i)::BIGINT")]
    [InlineData("(18446744073709551500 + i)::UBIGINT")]
    [InlineData("(i / 7)::FLOAT")]
    [InlineData("i / 7")]
    [InlineData("(i - 20)::DECIMAL(4,2)")]
    [InlineData("(i - 20.123)::DECIMAL(9,3)")]
    [InlineData("(i - 20.123456)::DECIMAL(18,6)")]
    [InlineData("(i - 20.123456)::DECIMAL(38,10)")]
    [InlineData("'größe 📏 ' || i")]
    [InlineData("('a' || i)::BLOB")]
    [InlineData("DATE '1900-01-01' + (i * 400)::INTEGER")]
    [InlineData("TIME '10:00:00.123456' + to_seconds(i)")]
    [InlineData("TIMESTAMP '1900-01-01 10:00:00.123456' + to_days(i::INTEGER)")]
    [InlineData("make_timestamp_ns(1700000000123456789 + i)")]
    [InlineData("TIMESTAMPTZ '2026-01-01 10:00:00+02' + to_days(i::INTEGER)")]
    [InlineData("uuid()")]
    [InlineData("to_days(i::INTEGER) + to_months(3)")]
    [InlineData("(['a', 'b'])[1 + i % 2]::ENUM('a', 'b')")]
    [InlineData("(i * 1000000000000)::HUGEINT")]
    [InlineData("'101'::BIT")]
    [InlineData("i::VARIANT")]
    [InlineData("'POINT (1 2)'::GEOMETRY")]
    [InlineData("TIMETZ '10:00:00+02'")]
    [InlineData("TIMESTAMP_S '2026-01-01 10:00:00' + to_days(i::INTEGER)")]
    [InlineData("[i, NULL, i + 1]")]
    [InlineData("[i::DECIMAL(38,10)]")]
    [InlineData("[to_days(i::INTEGER)]")]
    [InlineData("{'x': {'y': {'z': [i, NULL]}}, 'd': DATE '2026-01-01'}")]
    [InlineData("IF(i % 2 = 0, [], ['a', 'b' || i])")]
    [InlineData("{'x': i, 'y': IF(i % 2 = 0, NULL, 'a' || i)}")]
    [InlineData("MAP {'a' || i: i, 'b': NULL}")]
    [InlineData("[{'x': [i, i + 1], 'y': MAP {i: ['z']}}, NULL]")]
    public async Task A_column_passes_through_unchanged(string value)
    {
        var query = Types.Replace("{0}", value, StringComparison.Ordinal);
        place.WriteSource(query);
        place.WriteSource($"SELECT * REPLACE (id + 50 AS id) FROM ({query})", "b.parquet", ", PARQUET_VERSION v2");
        Assert.True((await place.RunAsync(place.Options())).Completed);
        var source = Path.Combine(place.In, "*.parquet");
        Assert.Equal(Duck.Column($"SELECT typeof(v) FROM '{source}' LIMIT 1"), Duck.Column($"SELECT typeof(v) FROM '{place.OutFiles}' LIMIT 1"));
        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM '{source}' s JOIN '{place.OutFiles}' o USING (id) WHERE s.v IS DISTINCT FROM o.v"));
        place.AssertEachIdOnce(100);
    }

    [Fact]
    public async Task A_json_column_passes_through_and_is_a_text_in_a_prompt()
    {
        place.WriteSource("SELECT 0 AS id, to_json({'a': 1}) AS v");
        await place.RunAsync(place.Options("{{ v }}"));
        Assert.Equal(["""{"a":1} JSON"""], Duck.Column($"SELECT v || ' ' || typeof(v) FROM '{place.OutFiles}' WHERE v = output"));
    }

    [Theory]
    [InlineData("(4294967200 + i)::UINTEGER", "4294967210")]
    [InlineData("(i - 20)::DECIMAL(9,3)", "-10")]
    [InlineData("(i - 20)::DECIMAL(38,10)", "-10")]
    [InlineData("('0b6a7a0e-93a5-4f4a-8e49-' || lpad('' || i, 12, '0'))::UUID", "'0b6a7a0e-93a5-4f4a-8e49-000000000010'")]
    [InlineData("i - 20", "-10")]
    public async Task Readers_that_trust_the_footers_statistics_find_the_values(string value, string wanted)
    {
        place.WriteSource($"SELECT i AS id, 'text' AS text, {value} AS v FROM range(30) t(i)");
        await place.RunAsync(place.Options());
        Assert.Equal(["10"], Duck.Column($"SELECT id FROM '{place.OutFiles}' WHERE v = {wanted}"));
    }

    [Theory]
    [InlineData("true", "true")]
    [InlineData("-5", "-5")]
    [InlineData("1.5::DOUBLE", "1.5")]
    [InlineData("-0.05::DECIMAL(9,2)", "-0.05")]
    [InlineData("12.5::DECIMAL(38,3)", "12.500")]
    [InlineData("DATE '2026-11-24'", "2026-11-24")]
    [InlineData("TIME '10:00:00.5'", "10:00:00.5")]
    [InlineData("TIMETZ '12:00:00.25+05:30'", "06:30:00.25Z")]
    [InlineData("TIMESTAMP '2026-11-24 10:00:00'", "2026-11-24T10:00:00")]
    [InlineData("TIMESTAMPTZ '2026-11-24 10:00:00+02'", "2026-11-24T08:00:00Z")]
    [InlineData("TIMESTAMP '1969-12-31 23:59:59.9999'", "1969-12-31T23:59:59.9999")]
    [InlineData("make_timestamp_ns(1700000000123456789)", "2023-11-14T22:13:20.123456789")]
    [InlineData("make_timestamp_ns(-1)", "1969-12-31T23:59:59.999999999")]
    [InlineData("TIME '23:59:59.999999'", "23:59:59.999999")]
    [InlineData("'a'::ENUM('a')", "a")]
    [InlineData("'0b6a7a0e-93a5-4f4a-8e49-3c8f5d1f6b61'::UUID", "0b6a7a0e-93a5-4f4a-8e49-3c8f5d1f6b61")]
    public async Task A_value_has_one_text_in_a_prompt(string value, string text)
    {
        place.WriteSource($"SELECT 0 AS id, {value} AS v");
        await place.RunAsync(place.Options("<{{v}}>"));
        Assert.Equal([$"<{text}>"], Duck.Column($"SELECT output FROM '{place.OutFiles}'"));
    }

    [Fact]
    public async Task Many_row_groups_files_and_folders_are_read_in_order()
    {
        Directory.CreateDirectory(Path.Combine(place.In, "sub"));
        place.WriteIds(7_000, "a.parquet", options: ", ROW_GROUP_SIZE 2048");
        place.WriteIds(3_000, "sub/b.parquet", from: 7_000, options: ", CODEC 'zstd'");
        place.WriteIds(5, "_ignored.parquet");
        await place.RunAsync(place.Options());
        place.AssertEachIdOnce(10_000);
    }

    [Fact]
    public async Task Files_of_the_second_format_version_are_read()
    {
        place.WriteIds(5_000, options: ", PARQUET_VERSION v2");
        await place.RunAsync(place.Options());
        place.AssertEachIdOnce(5_000);
        Assert.Equal(5_000, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}' WHERE output = text"));
    }

    [Fact]
    public async Task Only_the_chosen_columns_pass_through()
    {
        place.WriteSource("SELECT i AS id, 'a' AS text, [1] AS other FROM range(10) t(i)");
        var options = place.Options();
        options.Source.Parquet!.Path = "in/*.parquet";
        options.Source.Parquet.Columns = ["text", "id"];
        await place.RunAsync(options);
        Assert.Equal(
            ["text", "id", "output", "finish_reason", "prompt_tokens", "completion_tokens"],
            Duck.Column($"SELECT column_name FROM (DESCRIBE SELECT * FROM '{place.OutFiles}')"));
    }
}
