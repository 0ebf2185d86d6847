namespace FlexGen.Tokenizers.Normalization;

/// <summary>Unicode's order of marks: within a run of them by their combining class, those of one class as they come.</summary>
internal static class CanonicalOrder
{
    /// <summary>Sorts the marks among characters, code points all, in n log n steps.</summary>
    /// <param name="codes">The characters; sorted in place.</param>
    /// <param name="classOf">A character's combining class, 0 to 254; 0: it is no mark.</param>
    public static void Sort(Span<int> codes, Func<int, int> classOf)
    {
        List<long> keys = [];
        for (var i = 0; i <= codes.Length; i++)
        {
            var combining = i < codes.Length ? classOf(codes[i]) : 0;
            if (combining != 0)
            {
                // The place keeps equal classes apart, so that no two keys are the same.
                keys.Add(((long)combining << 53) | ((long)keys.Count << 21) | (uint)codes[i]);
                continue;
            }

            if (keys.Count > 1)
            {
                keys.Sort();
                for (var j = 0; j < keys.Count; j++)
                {
                    codes[i - keys.Count + j] = (int)(keys[j] & 0x1FFFFF);
                }
            }

            keys.Clear();
        }
    }
}
