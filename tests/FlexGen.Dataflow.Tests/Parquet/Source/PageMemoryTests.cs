using System.Collections.Concurrent;
using FlexGen.Dataflow.Tests.Support;
using ParquetSharp;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

/// <summary>What Arrow has allocated is counted for the whole process, so nothing else reads meanwhile.</summary>
[CollectionDefinition(nameof(PageMemoryTests), DisableParallelization = true)]
[Collection(nameof(PageMemoryTests))]
public sealed class PageMemoryTests : IDisposable
{
    private const int Columns = 12;
    private const long PageBytes = 3_200_000;
    private const long BufferBytes = 256 << 10;

    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Pages_of_many_columns_are_in_memory_up_to_a_bound_and_all_values_arrive()
    {
        var columns = string.Concat(Enumerable.Range(0, Columns).Select(i => $", repeat(md5((i * {Columns} + {i})::VARCHAR), 100) AS c{i}"));
        place.WriteSource($"SELECT i AS id, 'text ' || i AS text{columns} FROM range(1000) t(i)");
        var options = place.Options();
        options.Source.Parquet!.OpenPageBytes = 3 * PageBytes;
        var pool = MemoryPool.GetDefaultMemoryPool();
        var before = pool.BytesAllocated;
        var seen = new ConcurrentBag<long>();
        var generator = new TestGenerator
        {
            OnGenerate = text =>
            {
                seen.Add(pool.BytesAllocated - before);
                return text;
            },
        };
        Assert.True((await place.RunAsync(options, generator)).Completed);
        Assert.InRange(seen.Max(), 2 * PageBytes, (3 * PageBytes) + ((Columns + 2) * BufferBytes));
        AssertEqual(1_000);
    }

    [Fact]
    public async Task Pages_that_have_to_be_held_and_are_more_than_fits_are_refused_by_name()
    {
        place.WriteSource("SELECT i AS id, 'text ' || i AS text FROM range(1000) t(i)", options: ", PARQUET_VERSION V2");
        var options = place.Options();
        (options.Source.Parquet!.OpenPageBytes, options.Source.Parquet.MostPageBytes) = (0, 5_000);
        var refusal = await place.RefusalAsync(options);
        Assert.Contains("column 'text' of ", refusal, StringComparison.Ordinal);
        Assert.Contains("does not fit into memory: row group 0 has 1000 rows", refusal, StringComparison.Ordinal);
        Assert.Contains("where 5000 are the most. Write the file with smaller pages or row groups", refusal, StringComparison.Ordinal);
    }

    private void AssertEqual(int rows)
    {
        var passed = $"SELECT * EXCLUDE (output, finish_reason, prompt_tokens, completion_tokens) FROM '{place.OutFiles}'";
        Assert.Equal(rows, Duck.Count($"SELECT count(*) FROM ({passed})"));
        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM (({passed}) EXCEPT ALL FROM '{place.In}/*.parquet')"));
    }
}
