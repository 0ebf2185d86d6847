using CsCheck;
using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Cache;

public class PrefillGroupTests
{
    [Fact]
    public void Every_row_of_every_prompt_is_in_one_group_and_little_of_a_group_is_padding() =>
        Gen.Select(Gen.Int[1, 40].Array[1, 12], Gen.Int[0, 5], Gen.Bool).Sample((lengths, first, alone) =>
        {
            using var scope = NewDisposeScope();
            var prefills = new List<RowLayout.Prefill>();
            var total = first;
            foreach (var length in lengths)
            {
                prefills.Add(new(prefills.Count, total, length));
                total += length;
            }

            var groups = PrefillGroup.Form(prefills, CPU, alone);
            var rows = new List<long>();
            foreach (var group in groups)
            {
                var mine = group.Rows is { } index ? index.data<long>().ToArray() : [.. Enumerable.Range(group.FirstRow, group.Length).Select(r => (long)r)];
                Assert.True(group.Count * group.Length * WorkspacePlan.MostPadded.Of <= mine.Length * WorkspacePlan.MostPadded.Rows, "more than a quarter is padding");
                Assert.True(!alone || group.Count == 1);
                if (group.Gather is { } gather)
                {
                    // What was padded and then taken back is what it was.
                    Assert.Equal(group.Count * group.Length, gather.shape[0]);
                    Assert.Equal(mine, arange(total).index_select(0, gather).index_select(0, group.Padded!).data<long>().ToArray());
                }

                rows.AddRange(mine);
                group.Dispose();
            }

            Assert.Equal(Enumerable.Range(first, total - first).Select(r => (long)r), rows.Order());
        });
}
