using FlexGen.Planning.Hardware;

namespace FlexGen.Planning.Cost;

/// <summary>
/// What works beside what in a sweep, by the prompt tokens that it computes: copies of weights, say, are the same in all sweeps, and work beside a
/// small part of one that is full of prompts, but beside all of one that only decodes.
/// </summary>
/// <param name="profile">The machine.</param>
/// <param name="decoding">A sweep that only decodes, when nothing holds up another.</param>
/// <param name="full">Likewise the first, which is full of prompts.</param>
/// <param name="tokens">Of these prompts.</param>
internal sealed class SweepContention(
    HardwareProfile profile, SweepTimes decoding, SweepTimes full, long tokens)
{
    private readonly Dictionary<long, Contention> known = [];

    public Contention Of(long promptTokens)
    {
        if (!known.TryGetValue(promptTokens, out var contention))
        {
            var (part, busy) = (Math.Min(1, (double)promptTokens / tokens), new ResourceTimes(full.Busy.Devices));
            busy.Add(decoding.Busy, 1 - part);
            busy.Add(full.Busy, part);
            known.Add(promptTokens, contention = Contention.Of(
                profile, busy, ((1 - part) * decoding.Moved) + (part * full.Moved), ((1 - part) * decoding.Seconds) + (part * full.Seconds)));
        }

        return contention;
    }
}

/// <summary>What a sweep takes.</summary>
/// <param name="Busy">Seconds of each resource.</param>
/// <param name="Moved">Bytes over all links.</param>
/// <param name="Seconds">Of all.</param>
internal readonly record struct SweepTimes(ResourceTimes Busy, double Moved, double Seconds);
