using FlexGen.Tokenizers.Normalization;

namespace FlexGen.Tokenizers.Tests.Normalization;

public class CanonicalOrderTests
{
    [Fact]
    public void A_character_is_looked_at_once_however_long_its_run_of_marks_is()
    {
        const int marks = 200_000;
        var looks = 0;
        int[] codes = ['a', .. Enumerable.Range(0, marks).Select(i => i % 2 == 0 ? 0x301 : 0x323)];
        CanonicalOrder.Sort(codes, code =>
        {
            looks++;
            return UnicodeTable.Instance.ClassOf(code);
        });
        Assert.Equal(['a', .. Enumerable.Repeat(0x323, marks / 2), .. Enumerable.Repeat(0x301, marks / 2)], codes);
        Assert.InRange(looks, 1, codes.Length);
    }

    [Fact]
    public void Marks_are_sorted_by_class_within_their_run_and_equal_ones_stay_as_they_come()
    {
        var random = new Random(1);
        for (var round = 0; round < 500; round++)
        {
            // A code's class is its tens, so that codes of one class can be told apart.
            var codes = Enumerable.Range(0, random.Next(30)).Select(_ => random.Next(50)).ToArray();
            var expected = new List<int>();
            foreach (var code in codes)
            {
                var at = expected.Count;
                while (code >= 10 && at > 0 && expected[at - 1] / 10 > code / 10)
                {
                    at--;
                }

                expected.Insert(at, code);
            }

            CanonicalOrder.Sort(codes, code => code / 10);
            Assert.Equal(expected, codes);
        }
    }
}
