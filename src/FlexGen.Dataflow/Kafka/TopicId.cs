namespace FlexGen.Dataflow.Kafka;

/// <summary>The ids of a topic and of its cluster, as Kafka's own tools print them; empty where the brokers tell none.</summary>
internal readonly record struct TopicId(string Cluster, string Topic)
{
    private const int BitsPerLetter = 6;
    private const int LettersKept = 10;
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    public bool IsKnown => Topic.Length > 0;

    /// <summary>The beginning of the topic's id as a number, for where only a number can be kept: 60 bits of it.</summary>
    public long Number
    {
        get
        {
            long number = 0;
            foreach (var letter in Topic.AsSpan(0, LettersKept))
            {
                number = (number << BitsPerLetter) | (uint)Letters.IndexOf(letter, StringComparison.Ordinal);
            }

            return number;
        }
    }

    /// <summary>The beginning of the id whose <see cref="Number"/> this is.</summary>
    public static string Beginning(long number) => string.Create(LettersKept, number, (letters, left) =>
    {
        for (var i = LettersKept - 1; i >= 0; i--)
        {
            letters[i] = Letters[(int)(left & ((1 << BitsPerLetter) - 1))];
            left >>= BitsPerLetter;
        }
    });

    public override string ToString() => IsKnown ? $"cluster {Cluster}, topic {Topic}" : "";
}
