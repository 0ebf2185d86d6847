using FlexGen.Engine.Batch;

namespace FlexGen.Engine;

/// <summary>Gives sequences their tokens, and frees the slots of those that end.</summary>
/// <param name="model">Whose tokens they are.</param>
internal sealed class Delivery(LoadedModel model)
{
    private readonly List<Action> ended = [];

    /// <summary>Gives each sequence of a micro-batch its next token.</summary>
    public void Deliver(MicroBatch microBatch, RowLayout layout, NextTokens next)
    {
        var tokens = next.Choose(microBatch.Masks);
        var ends = NextTokens.Give(layout.Sequences, row => Advance(layout.Sequences[row].Sequence, tokens[row]));
        for (var row = 0; row < tokens.Length; row++)
        {
            var slot = layout.Sequences[row].Slot;
            if (ends[row] is { } tell)
            {
                microBatch.Free(slot);
                ended.Add(tell);
            }

            microBatch.GoOn(slot);
        }
    }

    /// <summary>Tells those who wait for sequences that these have ended, once a sweep has.</summary>
    public void TellEnded()
    {
        ended.ForEach(tell => tell());
        ended.Clear();
    }

    /// <summary>Gives a sequence its next token. What tells those who wait for it, when it has ended.</summary>
    private Action? Advance(Sequence sequence, int token)
    {
        sequence.CachedTokens = sequence.Tokens.Count;
        if (token < 0)
        {
            return () => sequence.Fail(token == NextTokens.NotFinite ? RequestException.LogitsNotFinite(model.DataType) : sequence.NothingAllowed);
        }

        try
        {
            var reason = sequence.Append(token, model.EndOfSequenceIds.Contains(token), model.Policy.SequenceLength);
            return reason is { } finished ? () => sequence.Finish(finished) : sequence.IsCancelled ? sequence.Cancel : null;
        }
        catch (RequestException failed)
        {
            return () => sequence.Fail(failed);
        }
    }
}
