using static FlexGen.Engine.Kernels.Cuda.Ceiling;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>How many blocks of decode_packed.cu a multiprocessor of compute capability 9.0 has at once, and how far ahead each brings its tokens.</summary>
/// <param name="Blocks">At once. As many each time: with 12 blocks of a multiprocessor 6 and 6, for 8 and 4 take longer.</param>
/// <param name="Stages">Of a block.</param>
/// <param name="SharedBytes">Of a block: what its stages need, or as much as leaves no room for more blocks.</param>
internal readonly record struct DecodeResidence(int Blocks, int Stages, int SharedBytes)
{
    /// <summary>Of a multiprocessor, and what a block takes beside what it asks for.</summary>
    private const int MultiprocessorBytes = 228 << 10, BesideBytes = 1280;

    /// <summary>
    /// On the way to a multiprocessor at once. More are no faster but slower: with 8 blocks 56 MB took 30.9, 33.7 and 35.2 us of an H100 with 2, 3 and 4
    /// stages, where with 4 blocks 75 MB took 38.0, 35.2 and 36.2.
    /// </summary>
    private const int BytesAhead = 36 << 10;

    /// <param name="blocks">Of the launch.</param>
    /// <param name="multiprocessors">Of the GPU.</param>
    /// <param name="most">Blocks that a multiprocessor's registers have room for.</param>
    /// <param name="stageBytes">Of a stage, and of a block what it needs with a number of stages.</param>
    public static DecodeResidence For(long blocks, int multiprocessors, int most, (int Each, Func<int, int> Needed) stageBytes)
    {
        var each = Math.Max(1, (int)Divide(blocks, multiprocessors));
        var times = (int)Divide(each, most);
        var atOnce = (int)Divide(each, times);
        var stages = Math.Clamp(1 + (BytesAhead / (atOnce * stageBytes.Each)), 2, PackedMacros.MostStages);
        var needed = stageBytes.Needed(stages);
        return new(atOnce, stages, times == 1 || atOnce == most ? needed : Math.Max(needed, ((MultiprocessorBytes / atOnce) - BesideBytes) / 16 * 16));
    }
}
