using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Sink;

[Trait("Category", "Long")]
public sealed class CrashTests
{
    /// <summary>A process that dies at one step: from then on nothing that it does reaches the disk.</summary>
    private sealed class Dying(int lastStep, bool isStepDone) : FileOperations
    {
        private int step;

        public int Steps => step;

        public override FileStream Create(string path) => Step(() => base.Create(path));

        public override void Sync(FileStream file) => Step(() => base.Sync(file));

        public override void Rename(string from, string to) => Step(() => base.Rename(from, to));

        public override void SyncFolder(string path) => Step(() => base.SyncFolder(path));

        public override void Delete(string path) => Step(() => base.Delete(path));

        private void Step(Action action) => Step(() =>
        {
            action();
            return 0;
        });

        private T Step<T>(Func<T> action)
        {
            var now = step++;
            if (now == lastStep && isStepDone)
            {
                action();
            }

            return now < lastStep ? action() : throw new IOException("the process has died");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dying_at_any_step_of_writing_parts_loses_and_repeats_nothing(bool isStepDone)
    {
        using var place = new Workplace();
        const int Rows = 400;
        place.WriteSource($"SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE 'text' END AS text FROM range({Rows}) t(i)");
        var whole = new Dying(int.MaxValue, false);
        await place.RunAsync(place.Options(maxRows: 90), files: whole);
        Assert.True(whole.Steps > 10);

        for (var last = 0; last < whole.Steps; last++)
        {
            Directory.Delete(place.Out, recursive: true);
            Directory.Delete(place.Errors, recursive: true);
            await Assert.ThrowsAnyAsync<Exception>(() => place.RunAsync(place.Options(maxRows: 90), files: new Dying(last, isStepDone)));
            var finished = place.Parts();
            Assert.True((await place.RunAsync(place.Options(maxRows: 90))).Completed);
            place.AssertEachIdOnce(Rows);
            Assert.Empty(place.Temporaries());
            Assert.Equal(finished, place.Parts().Intersect(finished));
        }
    }
}
