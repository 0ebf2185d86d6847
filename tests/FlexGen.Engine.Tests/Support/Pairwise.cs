namespace FlexGen.Engine.Tests.Support;

/// <summary>Few rows of choices such that every two values of different factors meet in one of them.</summary>
internal static class Pairwise
{
    /// <param name="values">How many values each factor has.</param>
    /// <returns>Of each row the index of each factor's value.</returns>
    public static IReadOnlyList<int[]> Rows(params int[] values)
    {
        var open = Pairs(values).ToList();
        var rows = new List<int[]>();
        while (open.Count > 0)
        {
            var row = Enumerable.Repeat(-1, values.Length).ToArray();
            (row[open[0].Factor], row[open[0].Other]) = (open[0].Value, open[0].OtherValue);
            for (var factor = 0; factor < values.Length; factor++)
            {
                if (row[factor] < 0)
                {
                    row[factor] = Enumerable.Range(0, values[factor]).MaxBy(value => Met(factor, value));
                }
            }

            open.RemoveAll(p => row[p.Factor] == p.Value && row[p.Other] == p.OtherValue);
            rows.Add(row);

            int Met(int factor, int value) => open.Count(p =>
                (p.Factor == factor && p.Value == value && row[p.Other] == p.OtherValue) || (p.Other == factor && p.OtherValue == value && row[p.Factor] == p.Value));
        }

        return rows;
    }

    /// <summary>Every two values of different factors.</summary>
    public static IEnumerable<(int Factor, int Value, int Other, int OtherValue)> Pairs(params int[] values) =>
        from factor in Enumerable.Range(0, values.Length)
        from other in Enumerable.Range(factor + 1, values.Length - factor - 1)
        from value in Enumerable.Range(0, values[factor])
        from otherValue in Enumerable.Range(0, values[other])
        select (factor, value, other, otherValue);
}
