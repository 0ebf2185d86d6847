using System.Text;
using Confluent.Kafka;

namespace FlexGen.Testing.Soak;

/// <summary>The requests of a soak: 1 KB of JSON with a key; some are not JSON.</summary>
internal static class Requests
{
    public const int Keys = 2400;
    public const int PoisonEvery = 997;
    private const int Bytes = 1000;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz     ";
    private const string Poison = "this is not JSON: ";

    public static bool IsPoison(int id) => id % PoisonEvery == 0;

    public static Message<byte[]?, byte[]?> Make(int id, Random random)
    {
        string head = $"{{\"id\": {id}, \"text\": \"";
        string text = IsPoison(id) ? $"{Poison}{id}" : head + new string(random.GetItems<char>(Letters, Bytes - head.Length - 2)) + "\"}";
        return new() { Key = Encoding.UTF8.GetBytes($"key-{id % Keys}"), Value = Encoding.UTF8.GetBytes(text) };
    }

    /// <summary>The id that a poison request's payload names; -1 for anything else.</summary>
    public static int PoisonId(byte[]? payload)
    {
        string text = Encoding.UTF8.GetString(payload ?? []);
        return text.StartsWith(Poison, StringComparison.Ordinal) && int.TryParse(text[Poison.Length..], out int id) ? id : -1;
    }
}
