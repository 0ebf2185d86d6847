using CsCheck;
using FlexGen.Engine.Batch;

namespace FlexGen.Engine.Tests.Batch;

public class RowLayoutTests
{
    private static readonly Gen<Sequence?> slot = Gen.Select(Gen.Bool, Gen.Int[1, 20], Gen.Bool, (free, length, decoding) =>
        free ? null : new Sequence(new([.. Enumerable.Range(0, length)], SamplingOptions.Greedy), default) { CachedTokens = decoding ? length - 1 : 0 });

    [Fact]
    public void Every_uncached_token_has_one_row_and_its_own_place_in_the_cache() =>
        Gen.Select(slot.Array[1, 8], Gen.Int[1, 16]).Sample((slots, leastRows) =>
        {
            var layout = RowLayout.Create(slots, leastRows);
            var uncached = slots.Sum(s => s is null ? 0 : s.Tokens.Count - s.CachedTokens);
            Assert.Equal(uncached, layout.Slots.Length);
            Assert.Equal(uncached, layout.Slots.Zip(layout.Positions).Distinct().Count());
            Assert.Equal(Math.Max(uncached, leastRows), layout.TokenIds.Length);
            Assert.True(layout.LastRows.Length >= leastRows);
        });

    [Fact]
    public void Decoding_rows_come_first_and_last_rows_are_last_tokens() =>
        Gen.Select(slot.Array[1, 8], Gen.Int[1, 16]).Sample((slots, leastRows) =>
        {
            var layout = RowLayout.Create(slots, leastRows);
            for (var n = 0; n < layout.Sequences.Count; n++)
            {
                var (at, sequence) = layout.Sequences[n];
                Assert.Same(slots[at], sequence);
                Assert.Equal(sequence.Tokens.Count - 1, layout.Positions[layout.LastRows[n]]);
                Assert.Equal(sequence.Tokens[^1], layout.TokenIds[layout.LastRows[n]]);
                Assert.True(n >= layout.Decodes.Count || layout.LastRows[n] == n);
            }
        });
}
