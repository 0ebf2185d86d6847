using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

/// <summary>Files of one dataset whose columns differ.</summary>
public sealed class SchemaChangeTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("1.50::DECIMAL(9,2)", "1.5000::DECIMAL(9,4)", "decimal(9,2)", "decimal(9,4)", "widen reads both as decimal(11,4)")]
    [InlineData("1.50::DECIMAL(9,2)", "1.50::DECIMAL(12,2)", "decimal(9,2)", "decimal(12,2)", "widen reads both as decimal(12,2)")]
    [InlineData("1.50::DECIMAL(18,2)", "1.50::DECIMAL(17,2)", "decimal(18,2)", "decimal(17,2)", "widen reads both as decimal(18,2)")]
    [InlineData("TIMESTAMP_NS '2026-01-01'", "TIMESTAMP '2026-01-01'", "timestamp(ns)", "timestamp(us)", "widen reads both as timestamp(ns)")]
    [InlineData("TIMESTAMP '2026-01-01'", "TIMESTAMP_NS '2026-01-01'", "timestamp(us)", "timestamp(ns)", "widen reads both as timestamp(ns)")]
    [InlineData("TIMESTAMP_MS '2026-01-01'", "TIMESTAMP '2026-01-01'", "timestamp(ms)", "timestamp(us)", "widen reads both as timestamp(us)")]
    [InlineData("TIMESTAMP '2026-01-01'", "TIMESTAMPTZ '2026-01-01 00:00:00Z'", "timestamp(us)", "timestamp(us, UTC)")]
    [InlineData(
        "[TIMESTAMP '2026-01-01']",
        "[TIMESTAMP_NS '2026-01-01']",
        "list<optional timestamp(us)",
        "list<optional timestamp(ns)",
        "widen reads both as list<optional timestamp(ns)")]
    [InlineData(
        "{'a': 1.50::DECIMAL(9,2)}",
        "{'a': 1.5000::DECIMAL(9,4)}",
        "struct<a: optional decimal(9,2)",
        "struct<a: optional decimal(9,4)",
        "widen reads both as struct<a: optional decimal(11,4)")]
    [InlineData("MAP {'a': TIMESTAMP '2026-01-01'}", "MAP {'a': TIMESTAMPTZ '2026-01-01 00:00:00Z'}", "timestamp(us)", "timestamp(us, UTC)")]
    [InlineData("{'a': 1}", "{'b': 1}", "struct<a: ", "struct<b: ")]
    [InlineData("1::INTEGER", "DATE '2026-01-01'", "int32", "date")]
    [InlineData("1::INTEGER", "1::UINTEGER", "int32", "uint32", "widen reads both as int64")]
    [InlineData("1::BIGINT", "TIMESTAMP '2026-01-01'", "int64", "timestamp(us)")]
    [InlineData("'a'::VARCHAR", "'a'::BLOB", "string", "binary")]
    [InlineData("1::INTEGER", "1::BIGINT", "int32", "int64", "widen reads both as int64")]
    [InlineData("1::FLOAT", "1::DOUBLE", "float", "double", "widen reads both as double")]
    public async Task Types_that_differ_in_anything_are_refused_with_files_and_types(string first, string second, params string[] expected)
    {
        place.WriteSource($"SELECT 1 AS id, 'a' AS text, {first} AS c");
        place.WriteSource($"SELECT 2 AS id, 'b' AS text, {second} AS c", "b.parquet");
        var why = await place.RefusalAsync(place.Options());
        Assert.All(expected.Append("'c'").Append("a.parquet").Append("b.parquet"), part => Assert.Contains(part, why, StringComparison.Ordinal));
        Assert.Empty(place.Parts());
    }

    [Theory]
    [InlineData("1.50::DECIMAL(9,2)", "1.5000::DECIMAL(9,4)", "decimal(9,2)")]
    [InlineData("TIMESTAMP '2026-01-01'", "TIMESTAMP_NS '2026-01-01'", "timestamp(us)")]
    [InlineData("[TIMESTAMP '2026-01-01']", "[TIMESTAMP_MS '2026-01-01']", "timestamp(us)")]
    public async Task Part_files_of_another_type_than_the_source_has_now_are_refused(string before, string now, string expected)
    {
        place.WriteSource($"SELECT 1 AS id, 'a' AS text, {before} AS c");
        await place.RunAsync(place.Options());
        File.Delete(Path.Combine(place.In, "a.parquet"));
        place.WriteSource($"SELECT 2 AS id, 'b' AS text, {now} AS c", "b.parquet");
        var why = await place.RefusalAsync(place.Options());
        Assert.All(["part-00000000.parquet", "'c'", expected], part => Assert.Contains(part, why, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Types_that_are_spelt_in_two_ways_are_one()
    {
        place.WriteSource("SELECT 1::BIGINT AS id, 'a' AS text, DATE '2026-01-01' AS d, 1.5::DECIMAL(9,2) AS c, ['x'] AS l");
        place.WriteSource(
            "SELECT 2::BIGINT AS id, 'b' AS text, DATE '2026-01-02' AS d, 2.5::DECIMAL(9,2) AS c, ['y'] AS l", "b.parquet", ", PARQUET_VERSION v2");
        Assert.True((await place.RunAsync(place.Options())).Completed);
        Assert.Equal(
            ["1 2026-01-01 1.50 x", "2 2026-01-02 2.50 y"],
            Duck.Column($"SELECT id || ' ' || d || ' ' || c || ' ' || l[1] FROM '{place.OutFiles}' ORDER BY id"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_column_that_one_file_requires_and_another_does_not_may_be_null(bool isRequiredFirst)
    {
        await WriteRequiredAsync(isRequiredFirst ? "a.parquet" : "b.parquet", 1);
        place.WriteSource("SELECT * FROM (VALUES (2::BIGINT, 'b', NULL::INTEGER), (3, 'c', 30)) t(id, text, n)", isRequiredFirst ? "b.parquet" : "a.parquet");
        Assert.True((await place.RunAsync(place.Options())).Completed);
        Assert.Equal(["1 10", "2 -", "3 30"], Duck.Column($"SELECT id || ' ' || coalesce(n::VARCHAR, '-') FROM '{place.OutFiles}' ORDER BY id"));
    }

    [Fact]
    public async Task Widening_reads_each_number_as_the_widest_and_what_is_missing_as_null()
    {
        place.WriteSource("SELECT 1::INTEGER AS id, 'a' AS text, 7::TINYINT AS n, 0.5::FLOAT AS x, ['l'] AS l");
        place.WriteSource("SELECT 'b' AS text, 3000000000::BIGINT AS id, 70000::INTEGER AS n, 0.1::DOUBLE AS x, {'a': 1} AS s", "b.parquet");
        await WriteRequiredAsync("c.parquet", 3);
        var options = place.Options("{{ text }} {{ id }}");
        options.Source.Parquet!.OnSchemaChange = "widen";
        Assert.True((await place.RunAsync(options)).Completed);
        Assert.Equal(
            ["1|a|7|0.5|[l]|-", "3|c|10|-|-|-", "3000000000|b|70000|0.1|-|1"],
            Duck.Column($"""
                SELECT concat_ws('|', id, text, coalesce(n::VARCHAR, '-'), coalesce(x::VARCHAR, '-'), coalesce(l::VARCHAR, '-'), coalesce(s.a::VARCHAR, '-'))
                FROM '{place.OutFiles}' WHERE output = text || ' ' || id ORDER BY id
                """));
        Assert.Equal(
            ["BIGINT", "VARCHAR", "INTEGER", "DOUBLE", "VARCHAR[]"],
            Duck.Column($"SELECT column_type FROM (DESCRIBE SELECT id, text, n, x, l FROM '{place.OutFiles}')"));
        Assert.Equal(0, (await place.RunAsync(options)).RecordsCompleted);
    }

    [Fact]
    public async Task A_column_that_is_missing_where_it_is_needed_is_a_dead_letter_when_widened()
    {
        place.WriteIds(5);
        place.WriteSource("SELECT i AS id, 'none' AS other FROM range(5, 8) t(i)", "b.parquet");
        var options = place.Options();
        options.Source.Parquet!.OnSchemaChange = "widen";
        options.Source.Parquet.Columns = ["id", "text"];
        Assert.Equal(3, (await place.RunAsync(options)).ErrorsByReason["null_value"]);
        place.AssertEachIdOnce(8);
        options.Source.Parquet.Columns = ["id", "txt", "text"];
        Assert.Contains("no file has a column 'txt'; did you mean 'text'?", await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Types_that_no_type_takes_are_refused_when_widened_too()
    {
        place.WriteSource("SELECT 1 AS id, 'a' AS text, 1.5::DECIMAL(9,2) AS c");
        place.WriteSource("SELECT 2 AS id, 'b' AS text, 1.5::DOUBLE AS c", "b.parquet");
        var options = place.Options();
        options.Source.Parquet!.OnSchemaChange = "widen";
        Assert.Contains("is double in ", await place.RefusalAsync(options), StringComparison.Ordinal);
        options.Source.Parquet.OnSchemaChange = "merge";
        Assert.Contains("source.parquet.onSchemaChange must be refuse or widen; found 'merge'.", await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    /// <summary>One row whose columns may not be null, which DuckDB does not write.</summary>
    private async Task WriteRequiredAsync(string name, long id)
    {
        var schema = new global::Parquet.Schema.ParquetSchema(
            new global::Parquet.Schema.DataField("id", typeof(long), isNullable: false),
            new global::Parquet.Schema.DataField("text", typeof(string), isNullable: false),
            new global::Parquet.Schema.DataField("n", typeof(int), isNullable: false));
        await using var file = File.Create(Path.Combine(place.In, name));
        await using var writer = await global::Parquet.ParquetWriter.CreateAsync(schema, file);
        using var group = writer.CreateRowGroup();
        await group.WriteAsync<long>(schema.DataFields[0], new[] { id }.AsMemory());
        await group.WriteAsync(schema.DataFields[1], new[] { $"{(char)('a' + id - 1)}" });
        await group.WriteAsync<int>(schema.DataFields[2], new[] { 10 }.AsMemory());
        group.CompleteValidate();
    }
}
