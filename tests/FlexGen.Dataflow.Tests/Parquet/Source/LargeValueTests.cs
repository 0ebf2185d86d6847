using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

public sealed class LargeValueTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_above_the_bound_is_a_dead_letter_without_it_and_the_others_arrive(bool holdsPages)
    {
        place.WriteSource("SELECT i AS id, repeat('x', CASE WHEN i % 50 = 7 THEN 101 ELSE 100 END) AS text, 'é' || i AS other FROM range(200) t(i)");
        await RunAsync(holdsPages, maxValueBytes: 100);
        place.AssertEachIdOnce(200);
        Assert.Equal(196, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}' WHERE length(text) = 100 AND other = 'é' || id"));
        Assert.Equal(
            4, Duck.Count($"SELECT count(*) FROM '{place.ErrorFiles}' WHERE error_reason = 'value_too_large' AND id % 50 = 7 AND text IS NULL AND other = 'é' || id"));
        Assert.Contains(
            "column 'text' holds 101 bytes, where 100 are the most that source.parquet.maxValueBytes allows", Duck.Column($"SELECT error FROM '{place.ErrorFiles}'")[0],
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_nested_value_above_the_bound_leaves_out_the_whole_column_and_no_other_row(bool holdsPages)
    {
        place.WriteSource("""
            SELECT i AS id, 'a' AS text, CASE WHEN i % 10 = 3 THEN NULL ELSE
                [{'k': i, 'v': [repeat('x', CASE WHEN i = 70 THEN 95 ELSE 5 END), NULL]}, NULL, {'k': -i, 'v': []}] END AS nested
            FROM range(150) t(i)
            """);
        await RunAsync(holdsPages, maxValueBytes: 100);
        place.AssertEachIdOnce(150);
        Assert.Equal(["70 true"], Duck.Column($"SELECT id || ' ' || (nested IS NULL) FROM '{place.ErrorFiles}'"));
        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM (SELECT id, nested FROM '{place.OutFiles}' EXCEPT SELECT id, nested FROM '{place.In}/a.parquet')"));
        Assert.Equal(149, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}'"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lists_of_more_values_than_are_read_together_pass_whole(bool holdsPages)
    {
        place.WriteSource("""
            SELECT i AS id, 'a' AS text, CASE WHEN i % 7 = 0 THEN [] WHEN i % 7 = 1 THEN NULL ELSE list_transform(range(i * 37 % 3000), x -> CASE WHEN x % 5 = 0 THEN NULL ELSE 'v' || x END) END AS list
            FROM range(300) t(i)
            """, options: ", ROW_GROUP_SIZE 2048");
        await RunAsync(holdsPages, maxValueBytes: 4 << 20);
        Assert.Equal(300, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}' o JOIN '{place.In}/a.parquet' i USING (id) WHERE o.list IS NOT DISTINCT FROM i.list"));
    }

    private Task<PipelineSummary> RunAsync(bool holdsPages, int maxValueBytes)
    {
        var options = place.Options();
        options.Source.Parquet!.MaxValueBytes = maxValueBytes;
        if (!holdsPages)
        {
            // What would be held all the same is refused.
            (options.Source.Parquet.OpenPageBytes, options.Source.Parquet.MostPageBytes) = (0, 0);
        }

        return place.RunAsync(options);
    }
}
