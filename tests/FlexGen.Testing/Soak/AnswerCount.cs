using System.Text.Json;

namespace FlexGen.Testing.Soak;

/// <summary>Counts the answers to the requests 0 to <paramref name="requests"/> - 1.</summary>
internal sealed class AnswerCount(int requests)
{
    private readonly bool[] answered = new bool[requests];
    private readonly int[] lastOfKey = [.. Enumerable.Repeat(-1, Requests.Keys)];

    public int Results { get; private set; }

    public int DeadLetters { get; private set; }

    public int Duplicated { get; private set; }

    public int Misplaced { get; private set; }

    public int OutOfOrder { get; private set; }

    public int Answered { get; private set; }

    public IEnumerable<int> Missing => Enumerable.Range(0, requests).Where(id => !answered[id]);

    public void AddResult(byte[]? value)
    {
        using var json = JsonDocument.Parse(value ?? "null"u8.ToArray());
        var id = json.RootElement.GetProperty("id").GetInt32();
        Results++;
        if (!Count(id, isDeadLetter: false))
        {
            return;
        }
        // A key's results are all in one partition, which is read in order.
        ref var last = ref lastOfKey[id % Requests.Keys];
        OutOfOrder += id < last ? 1 : 0;
        last = Math.Max(last, id);
    }

    public void AddDeadLetter(byte[]? value)
    {
        DeadLetters++;
        Count(Requests.PoisonId(value), isDeadLetter: true);
    }

    private bool Count(int id, bool isDeadLetter)
    {
        if (id < 0 || id >= requests || Requests.IsPoison(id) != isDeadLetter)
        {
            Misplaced++;
            return false;
        }

        if (answered[id])
        {
            Duplicated++;
            return false;
        }

        answered[id] = true;
        Answered++;
        return true;
    }
}
