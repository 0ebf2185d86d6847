namespace FlexGen.Demo.Data;

/// <summary>A fixed number of records.</summary>
internal static class RecordSet
{
    public static DemoRecord[] Make(NameSet names, int seed, int count)
    {
        var generator = new RecordGenerator(names, seed);
        return [.. Enumerable.Range(0, count).Select(_ => generator.Next())];
    }
}
