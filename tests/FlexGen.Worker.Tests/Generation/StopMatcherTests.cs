using CsCheck;
using FlexGen.Worker.Generation;

namespace FlexGen.Worker.Tests.Generation;

public class StopMatcherTests
{
    [Theory]
    [InlineData("ab|c", "bc", "a")]
    [InlineData("a|b|c|d", "bcd", "a")]
    [InlineData("abc", "abc", "")]
    [InlineData("one\ntwo\n", "\n", "one")]
    public void Given_a_stop_string_across_tokens_when_found_then_the_text_before_it_is_returned(string pieces, string stop, string expected)
    {
        var tokens = pieces.Split('|');
        var matcher = new StopMatcher(new([stop], []), i => tokens[i], () => "");
        Assert.Equal(tokens.Length - 1, Enumerable.Range(0, tokens.Length).First(matcher.Append));
        Assert.Equal(expected, matcher.Finish());
    }

    [Fact]
    public void Given_a_stop_string_in_what_the_decoder_held_back_when_finished_then_it_counts()
    {
        var matcher = new StopMatcher(new(["b"], []), _ => "a", () => "b");
        Assert.False(matcher.Append(0));
        Assert.Equal("a", matcher.Finish());
        Assert.True(matcher.Stopped);
    }

    [Fact]
    public void Given_any_pieces_and_stops_when_matched_then_the_first_occurrence_in_the_whole_text_ends_it()
    {
        var text = Gen.String[Gen.Char["abc"], 0, 4];
        Gen.Select(text.Array[0, 12], Gen.String[Gen.Char["abc"], 1, 4].Array[0, 3]).Sample((pieces, stops) =>
        {
            var matcher = new StopMatcher(new(stops, []), i => pieces[i], () => "");
            var taken = Enumerable.Range(0, pieces.Length).TakeWhile(i => !matcher.Append(i)).Count();
            var whole = string.Concat(pieces);
            int[] found = [.. stops.Select(s => whole.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0)];
            Assert.Equal(found.Length > 0, matcher.Stopped);
            Assert.Equal(found.Length > 0, taken < pieces.Length);
            // Of several stop strings in one piece the first to begin wins; one that ended in an earlier piece came before.
            Assert.StartsWith(matcher.Finish(), whole, StringComparison.Ordinal);
            Assert.DoesNotContain(stops, s => matcher.Finish().Contains(s, StringComparison.Ordinal));
        });
    }

    [Theory]
    [InlineData("a|b|</s>|c", "</s>", "ab")]
    [InlineData("a|b|</s>|c", "b</s>", "a")]
    [InlineData("a|<end>|\n|c", "<end>\n", "a")]
    [InlineData("a|<end>|b|<end>|\n", "<end>\n", "ab")]
    [InlineData("a|</s>|<end>|c", "</s><end>", "a")]
    [InlineData("a|</|s|>|c", "</s>", "a")]
    [InlineData("a|<end>|c", "<", "ac", false)]
    [InlineData("a|<end>|c", "</s>", "ac", false)]
    public void Given_the_text_of_a_control_token_in_a_stop_string_when_the_token_comes_then_it_stops_with_the_text_before_it(
        string pieces, string stop, string expected, bool stopped = true)
    {
        var tokens = pieces.Split('|');
        var control = tokens.Index().Where(t => t.Item is "</s>" or "<end>").ToList();
        var matcher = new StopMatcher(new([stop], [(99, "</s>"), .. control]), i => control.Exists(c => c.Index == i) ? "" : tokens[i], () => "");
        Assert.Equal(stopped, Enumerable.Range(0, tokens.Length).Any(matcher.Append));
        Assert.Equal((expected, stopped), (matcher.Finish(), matcher.Stopped));
    }

    [Theory]
    [InlineData("</s>", "\u00e9")]
    [InlineData("\u00e9</s>", "")]
    public void Given_text_that_the_decoder_holds_back_when_a_control_token_stops_it_then_it_comes_before(string stop, string expected)
    {
        var held = "\u00e9";
        var matcher = new StopMatcher(new([stop], [(2, "</s>")]), _ => "", () => Interlocked.Exchange(ref held, ""));
        Assert.True(matcher.Append(2));
        Assert.Equal(expected, matcher.Finish());
    }
}
