using System.Text.Json;
using FlexGen.Demo.Data;

namespace FlexGen.Demo.Tests.Data;

public class RecordGeneratorTests
{
    [Fact]
    public void The_same_seed_gives_the_same_records() =>
        Assert.Equal(RecordSet.Make(NameSet.Test, 3, 200), RecordSet.Make(NameSet.Test, 3, 200));

    [Fact]
    public void Another_seed_gives_other_records() =>
        Assert.Empty(RecordSet.Make(NameSet.Test, 3, 50).Intersect(RecordSet.Make(NameSet.Test, 4, 50)));

    [Fact]
    public void No_word_of_a_name_or_city_is_in_both_sets()
    {
        var train = Made(NameSet.Train);
        var test = Made(NameSet.Test);
        Assert.True(train.Count > 5000 && test.Count > 2000, $"{train.Count} and {test.Count} words");
        Assert.Empty(train.Intersect(test));

        static HashSet<string> Made(NameSet set)
        {
            var words = new Words(set, new Random(1));
            return [.. Enumerable.Range(0, 5000).SelectMany(_ => $"{words.Name()} {words.City()}".Split(' ', '-'))
                .Where(w => w.Length > 2 && w is not ("Port" or "New" or "Bad" or "San" or "St." or "Upper" or "East" or "Lake"))];
        }
    }

    [Fact]
    public void The_json_has_the_three_fields_in_order_as_the_text_has_them()
    {
        var fields = new Dictionary<string, int>();
        foreach (var record in RecordSet.Make(NameSet.Train, 5, 2000))
        {
            using var json = JsonDocument.Parse(record.Json);
            Assert.Equal(["name", "city", "amount"], json.RootElement.EnumerateObject().Select(p => p.Name));
            foreach (var field in json.RootElement.EnumerateObject().Where(f => f.Value.ValueKind != JsonValueKind.Null))
            {
                fields[field.Name] = fields.GetValueOrDefault(field.Name) + 1;
                Assert.True(field.Name == "amount" ? field.Value.GetDecimal() >= 1 : record.Text.Contains(field.Value.GetString()!, StringComparison.Ordinal), record.ToString());
            }
        }

        Assert.All(fields.Values, there => Assert.InRange(there, 800, 1900));
    }

    [Fact]
    public void Texts_are_short_and_have_no_placeholder_left() => Assert.All(RecordSet.Make(NameSet.Test, 6, 2000), record =>
    {
        Assert.InRange(record.Text.Split(' ').Length, 3, 60);
        Assert.DoesNotContain('{', record.Text);
        Assert.DoesNotContain('\n', record.Text);
    });
}
