using System.Text;
using Confluent.Kafka;

namespace FlexGen.Testing.Soak;

/// <summary>The requests of a soak: 1 KB of JSON with a key; some are not JSON.</summary>
internal static class Requests
{
    public const int Keys = 2400;
    public const int PoisonEvery = 997;
    public const int Bytes = 1000;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz     ";
    private const string Poison = "this is not JSON: ";

    public static bool IsPoison(int id) => id % PoisonEvery == 0;

    public static Message<byte[]?, byte[]?> Make(int id, Random random) =>
        IsPoison(id) ? new() { Key = Key(id), Value = Encoding.UTF8.GetBytes($"{Poison}{id}") } : Good(id, random);

    public static Message<byte[]?, byte[]?> Good(int id, Random random)
    {
        var head = $"{{\"id\":{id},\"text\":\"";
        string text = new(random.GetItems<char>(Letters, Bytes - head.Length - 2));
        return new() { Key = Key(id), Value = Encoding.UTF8.GetBytes($"{head}{text}\"}}") };
    }

    /// <summary>The id that a poison request's payload names; -1 for anything else.</summary>
    public static int PoisonId(byte[]? payload)
    {
        var text = Encoding.UTF8.GetString(payload ?? []);
        return text.StartsWith(Poison, StringComparison.Ordinal) && int.TryParse(text[Poison.Length..], out var id) ? id : -1;
    }

    private static byte[] Key(int id) => Encoding.UTF8.GetBytes($"key-{id % Keys}");
}
