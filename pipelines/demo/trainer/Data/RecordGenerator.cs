using System.Text;

namespace FlexGen.Demo.Data;

/// <summary>Fills sentences with names, cities, amounts and what is none of them. The same seed gives the same records.</summary>
internal sealed class RecordGenerator
{
    private readonly Random random;
    private readonly Words words;

    public RecordGenerator(NameSet set, int seed)
    {
        random = new(seed);
        words = new(set, random);
    }

    public DemoRecord Next()
    {
        var name = words.Name();
        var city = words.City();
        var amount = Amount.Random(random);
        var (hasName, hasCity, hasAmount) = (false, false, false);
        var text = new StringBuilder();
        if (random.Next(4) == 0)
        {
            Fill(words.Pick(Sentences.Before), text);
        }

        Fill(words.Pick(Sentences.Main[random.Next(Sentences.Main.Length)]), text);
        for (var more = random.Next(6) switch { < 3 => 0, < 5 => 1, _ => 2 }; more > 0; more--)
        {
            Fill(words.Pick(Sentences.After), text);
        }

        return new(text.ToString(), Json());

        void Fill(string sentence, StringBuilder into)
        {
            into.Append(into.Length > 0 ? " " : "");
            for (var at = 0; at < sentence.Length;)
            {
                var open = sentence.IndexOf('{', at);
                if (open < 0)
                {
                    into.Append(sentence, at, sentence.Length - at);
                    return;
                }

                var close = sentence.IndexOf('}', open);
                into.Append(sentence, at, open - at).Append(Value(sentence[(open + 1)..close]));
                at = close + 1;
            }
        }

        string Value(string placeholder)
        {
            switch (placeholder)
            {
                case "name":
                    hasName = true;
                    return name;
                case "city":
                    hasCity = true;
                    return city;
                case "amount":
                    hasAmount = true;
                    return amount.Written;
                default:
                    return Other(placeholder);
            }
        }

        string Json() => $$"""
            {"name": {{Text(hasName, name)}}, "city": {{Text(hasCity, city)}}, "amount": {{(hasAmount ? amount.Normalised : "null")}}}
            """;

        static string Text(bool there, string value) => there ? $"\"{value}\"" : "null";
    }

    private string Other(string placeholder) => placeholder switch
    {
        "title" => words.Pick(Sentences.Titles),
        "item" => words.Pick(Sentences.Items),
        "day" => words.Pick(Sentences.Days),
        "date" => Date(),
        "time" => $"{random.Next(24)}:{random.Next(60):00}",
        "number" => $"{random.Next(1000, 999_999)}",
        "small" => $"{random.Next(2, 40)}",
        "phone" => $"{random.Next(100, 999)}-{random.Next(1000, 9999)}",
        "otherName" => words.Name(),
        "otherCity" => words.City(),
        "otherAmount" => Amount.Random(random).Written,
        _ => throw new ArgumentOutOfRangeException(nameof(placeholder), placeholder, "no such placeholder"),
    };

    private string Date()
    {
        var (day, month, year) = (random.Next(1, 29), random.Next(12), random.Next(2019, 2031));
        return random.Next(3) switch
        {
            0 => $"{day} {Sentences.Months[month]} {year}",
            1 => $"{Sentences.Months[month]} {day}",
            _ => $"{year}-{month + 1:00}-{day:00}",
        };
    }
}
