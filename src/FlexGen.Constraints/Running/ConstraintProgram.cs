using System.Collections.Concurrent;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Running;

/// <summary>All that sequences under one constraint share.</summary>
/// <param name="Stepper">Knows what follows.</param>
/// <param name="Vocabulary">The tokens.</param>
/// <param name="Start">Where sequences begin.</param>
/// <param name="ClosesInTime">Whether a sequence is led to its end when few tokens are left.</param>
internal sealed record ConstraintProgram(Stepper Stepper, VocabularyIndex Vocabulary, Position Start, bool ClosesInTime)
{
    private const int MostKept = 4096;

    private readonly ConcurrentDictionary<Position, Lazy<PositionMask>> masks = new();

    /// <summary>The tokens that a position allows. Sequences often get somewhere together: one finds them, the others wait.</summary>
    public PositionMask MaskOf(Position position)
    {
        if (!masks.TryGetValue(position, out var mask))
        {
            if (masks.Count >= MostKept)
            {
                masks.Clear();
            }

            mask = masks.GetOrAdd(position, at => new Lazy<PositionMask>(() => new MaskMaker(Stepper, Vocabulary).Make(at)));
        }

        try
        {
            return mask.Value;
        }
        catch
        {
            masks.TryRemove(KeyValuePair.Create(position, mask));
            throw;
        }
    }
}
