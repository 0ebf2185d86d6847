using System.Globalization;

namespace FlexGen.Demo.Data;

/// <summary>A sum of money as a text writes it and as the JSON has it.</summary>
internal readonly record struct Amount(string Written, string Normalised)
{
    private static readonly string[] codes = ["EUR", "USD", "GBP", "CHF"];
    private static readonly string[] signs = ["$", "€", "£"];
    private static readonly string[] nouns = ["dollars", "euros", "pounds", "francs"];

    /// <summary>An amount between 1.00 and 99,999.99, small ones as likely as large ones; a third of them whole.</summary>
    public static Amount Random(Random random)
    {
        var value = Math.Round((decimal)Math.Exp(random.NextDouble() * Math.Log(99_000)), 2);
        var whole = random.Next(3) == 0;
        value = whole ? Math.Max(1, Math.Floor(value)) : value;
        var plain = Format(value, whole && random.Next(3) != 0 ? "0" : "0.00");
        var grouped = Format(value, whole && random.Next(3) != 0 ? "#,0" : "#,0.00");
        var continental = Format(value, "#,0.00").Replace(',', ';').Replace('.', ',').Replace(';', '.');
        var code = codes[random.Next(codes.Length)];
        var sign = signs[random.Next(signs.Length)];
        var noun = nouns[random.Next(nouns.Length)];
        var written = random.Next(10) switch
        {
            0 => $"{code} {plain}",
            1 => $"{code} {grouped}",
            2 => $"{plain} {code}",
            3 => $"{grouped} {code}",
            4 => $"{sign}{plain}",
            5 => $"{sign}{grouped}",
            6 => $"{plain} {noun}",
            7 => $"{grouped} {noun}",
            8 => $"{continental} EUR",
            _ => $"{continental} €",
        };
        return new(written, Format(value, "0.00"));
    }

    private static string Format(decimal value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
