using FlexGen.Tokenizers.Bpe;

namespace FlexGen.Tokenizers.Tests.Bpe;

public class BpeWorkspaceTests
{
    /// <summary>Ranks come twice, and merges make pairs of a lower rank than their own: SentencePiece's scores and odd files do that.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Words_of_any_length_merge_as_one_pair_after_the_other_would(int seed)
    {
        var random = new Random(seed);
        var workspace = new BpeWorkspace();
        for (var round = 0; round < 400; round++)
        {
            var (table, list) = RandomMerges(random, letters: 1 + random.Next(4));
            var word = new string([.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => (char)random.Next(4))]);
            workspace.Start(word, new CodeAlphabet());
            workspace.MergeAll(table);
            Assert.Equal(OneByOne(word, list), workspace.Ids.ToArray());
        }
    }

    [Fact]
    public void A_long_run_takes_a_few_steps_for_each_symbol()
    {
        const int length = 1 << 20;
        var table = new MergeTable(20);
        for (var id = 0; id < 10; id++)
        {
            table.Add(id, id, new Merge(id, id + 1));
        }

        var workspace = new BpeWorkspace();
        workspace.Start(new string('\0', length), new CodeAlphabet());
        workspace.MergeAll(table);
        Assert.Equal(Enumerable.Repeat(10, length >> 10), workspace.Ids.ToArray());
        Assert.InRange(workspace.Steps, length, 4 * length);
    }

    private static (MergeTable Table, Dictionary<(int, int), Merge> List) RandomMerges(Random random, int letters)
    {
        var table = new MergeTable(4);
        var list = new Dictionary<(int, int), Merge>();
        for (var id = 4; id < 40; id++)
        {
            var pair = (random.Next(letters), random.Next(letters));
            pair = random.Next(2) == 0 ? pair : (random.Next(id), random.Next(id));
            var merge = new Merge(random.Next(30), id);
            list[pair] = merge;
            table.Add(pair.Item1, pair.Item2, merge);
        }

        return (table, list);
    }

    private static List<int> OneByOne(string word, Dictionary<(int, int), Merge> merges)
    {
        List<int> ids = [.. word.Select(letter => (int)letter)];
        while (true)
        {
            var best = Enumerable.Range(0, ids.Count - 1).Where(i => merges.ContainsKey((ids[i], ids[i + 1])))
                .OrderBy(i => merges[(ids[i], ids[i + 1])].Rank).Cast<int?>().FirstOrDefault();
            if (best is not { } at)
            {
                return ids;
            }

            ids[at] = merges[(ids[at], ids[at + 1])].Id;
            ids.RemoveAt(at + 1);
        }
    }

    /// <summary>A symbol for each unit, by its own number.</summary>
    private sealed class CodeAlphabet : IAlphabet
    {
        public int MostSymbols(ReadOnlySpan<char> word) => word.Length;

        public int Spell(ReadOnlySpan<char> word, Span<int> ids)
        {
            for (var i = 0; i < word.Length; i++)
            {
                ids[i] = word[i];
            }

            return word.Length;
        }

        public string Written(ReadOnlySpan<char> word) => word.ToString();
    }
}
