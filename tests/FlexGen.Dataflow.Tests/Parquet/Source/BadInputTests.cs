using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

public sealed class BadInputTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task A_path_that_is_not_there_is_refused() =>
        await RefusedAsync(o => o.Source.Parquet!.Path = "nowhere", "no file or folder", "nowhere");

    [Fact]
    public async Task A_glob_that_nothing_matches_is_refused() =>
        await RefusedAsync(o => o.Source.Parquet!.Path = "in/*.pq", "no file matches", "*.pq");

    [Theory]
    [InlineData("")]
    [InlineData("this is no Parquet file, but it is long enough to be one")]
    public async Task A_file_that_is_not_parquet_is_refused(string content)
    {
        await File.WriteAllTextAsync(Path.Combine(place.In, "a.parquet"), content);
        await RefusedAsync(_ => { }, "a.parquet", "not a Parquet file");
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public async Task A_truncated_file_is_refused(double share)
    {
        place.WriteIds(1_000);
        var path = Path.Combine(place.In, "a.parquet");
        using (var file = File.OpenWrite(path))
        {
            file.SetLength((long)(file.Length * share));
        }

        await RefusedAsync(_ => { }, "a.parquet", "truncated");
    }

    [Fact]
    public async Task A_file_damaged_inside_fails_the_run_with_its_name()
    {
        place.WriteIds(1_000);
        var path = Path.Combine(place.In, "a.parquet");
        var bytes = await File.ReadAllBytesAsync(path);
        bytes.AsSpan(4, 200).Fill(0xff);
        await File.WriteAllBytesAsync(path, bytes);
        await RefusedAsync(_ => { }, "a.parquet", "damaged");
    }

    [Fact]
    public async Task A_missing_column_is_refused_with_the_nearest()
    {
        place.WriteIds(10);
        await RefusedAsync(o => o.Source.Parquet!.Columns = ["id", "txt"], "no column 'txt'", "did you mean 'text'?");
    }

    [Fact]
    public async Task A_column_that_the_template_names_and_the_source_lacks_is_refused_with_the_nearest()
    {
        place.WriteIds(10);
        await RefusedAsync(o => o.Prompt.Template = "{{ tex }}", "no column 'tex'", "did you mean 'text'?");
    }

    [Fact]
    public async Task A_template_that_is_not_closed_is_refused()
    {
        place.WriteIds(10);
        await RefusedAsync(o => o.Prompt.Template = "a {{ text", "not closed");
    }

    [Theory]
    [InlineData("['a', 'b']")]
    [InlineData("{'x': 1}")]
    [InlineData("'a'::BLOB")]
    public async Task A_template_column_that_has_no_text_is_refused(string value)
    {
        place.WriteSource($"SELECT 1 AS id, {value} AS text");
        await RefusedAsync(_ => { }, "'text'", "nested or binary");
    }

    [Fact]
    public async Task Files_with_other_types_are_refused_with_file_and_column()
    {
        place.WriteIds(10);
        place.WriteSource("SELECT 1::BIGINT AS id, 2 AS text", "b.parquet");
        await RefusedAsync(_ => { }, "'text'", "b.parquet");
    }

    [Fact]
    public async Task Files_with_other_columns_are_refused_with_file_and_column()
    {
        place.WriteIds(10);
        place.WriteSource("SELECT 1::BIGINT AS id, 'a' AS text, 1 AS more", "b.parquet");
        await RefusedAsync(_ => { }, "'more'", "b.parquet", "missing");
    }

    [Fact]
    public async Task Columns_in_another_order_are_taken_when_they_are_named()
    {
        place.WriteIds(10);
        place.WriteSource("SELECT 'a' AS text, 10::BIGINT AS id", "b.parquet");
        await RefusedAsync(_ => { }, "order");
        var options = place.Options();
        options.Source.Parquet!.Columns = ["id", "text"];
        Assert.True((await place.RunAsync(options)).Completed);
        place.AssertEachIdOnce(11);
    }

    [Theory]
    [InlineData("output")]
    [InlineData("Finish_Reason")]
    [InlineData("error")]
    public async Task A_source_column_with_the_name_of_an_added_one_is_refused(string name)
    {
        place.WriteSource($"SELECT 1 AS id, 'a' AS text, 'b' AS {name}");
        await RefusedAsync(_ => { }, $"'{name}'", "give that another name with", "parquet.names");
    }

    [Fact]
    public async Task Missing_ends_and_values_out_of_range_are_all_named()
    {
        await RefusedAsync(
            o =>
            {
                o.Source.Parquet = null;
                o.Prompt.Template = "";
                o.Generation.MaxNewTokens = 0;
                o.Sink.Parquet!.MaxRows = 0;
                o.DeadLetter.Parquet!.MaxAge = TimeSpan.Zero;
            },
            "source: ",
            "prompt.template is missing.",
            "generation.maxNewTokens must be 1 or more; found 0.",
            "sink.parquet.maxRows must be 1 or more; found 0.",
            "deadLetter.parquet.maxAge must be between 00:00:00.0010000 and 24.00:00:00; found 00:00:00.");
    }

    [Theory]
    [InlineData("""{"allOf":[{"$dynamicRef":"#a"}]}""", "#/allOf/0/$dynamicRef", "ignored")]
    [InlineData("""{"requird":["a"]}""", "requird", "did you mean 'required'?")]
    [InlineData("""{"format":"phone"}""", "phone", "ignored")]
    [InlineData("""{"$ref":"other.json"}""", "other.json", "outside the file")]
    [InlineData("""{"properties":{"a":1}}""", "#/properties/a", "where a schema is expected")]
    [InlineData("""{"type":"objct"}""", "#/type", "unknown type 'objct'")]
    [InlineData("""{"required":true}""", "#/required", "must be a list")]
    [InlineData("""{"pattern":"(a"}""", "#/pattern", "not closed")]
    [InlineData("""{"$ref":"#"}""", "schema.json", "leads back to itself")]
    [InlineData("""{""", "schema.json")]
    public async Task A_schema_that_would_not_be_enforced_is_refused(string schema, params string[] parts)
    {
        place.WriteIds(1);
        await File.WriteAllTextAsync(Path.Combine(place.Root, "schema.json"), schema);
        await RefusedAsync(o => o.Output = new OutputOptions { Schema = "schema.json" }, parts);
    }

    private async Task RefusedAsync(Action<PipelineOptions> change, params string[] parts)
    {
        var options = place.Options();
        change(options);
        var why = await place.RefusalAsync(options);
        Assert.All(parts, part => Assert.Contains(part, why, StringComparison.Ordinal));
        Assert.Empty(place.Parts());
    }
}
