using System.Text;

namespace FlexGen.Demo.Data;

/// <summary>Makes the words of names and cities from syllables, each set its own words.</summary>
internal sealed class Words(NameSet set, Random random)
{
    private const double LetterWordShare = 0.2;
    private const int TestOneIn = 6;
    private const string Letters = "aaabcdeeefghiiijklmnooopqrstuuvwxyzáéíóöüñçåøčšžł";

    private static readonly string[] syllables =
    [
        "al", "an", "ar", "as", "ba", "bel", "ben", "bo", "bri", "ca", "cel", "chan", "chi", "cla", "co", "cor", "da", "dan", "de", "del",
        "di", "do", "dor", "dra", "du", "el", "en", "er", "es", "fa", "fer", "fi", "flo", "fra", "ga", "gal", "gen", "gi", "gor", "gra",
        "ha", "hal", "han", "hel", "hu", "ia", "il", "in", "is", "ja", "jo", "ju", "ka", "kal", "ke", "ki", "ko", "kra", "la", "lan",
        "le", "len", "li", "lin", "lo", "lor", "lu", "ma", "mar", "me", "mel", "mi", "mon", "mu", "na", "nel", "ni", "no", "nor", "o",
        "or", "pa", "pel", "per", "pi", "po", "pra", "qua", "ra", "re", "ren", "ri", "ro", "ros", "ru", "sa", "sal", "sen", "sha", "si",
        "so", "sta", "ste", "su", "ta", "tal", "te", "ter", "thi", "ti", "to", "tor", "tri", "tu", "ul", "ur", "va", "vel", "ver", "vi",
        "vo", "wa", "wen", "wi", "xa", "ya", "yo", "za", "zel", "zi", "zo", "é", "bé", "cé", "dö", "fü", "gå", "jö", "lé", "mü", "ná",
        "ño", "ří", "ša", "so", "tó", "vä", "žu", "ø", "çe", "ła",
    ];

    private static readonly string[] nameEndings = ["", "", "", "", "k", "n", "s", "r", "l", "sen", "ski", "vic", "ez", "ov", "son", "ic", "th", "x"];
    private static readonly string[] cityEndings =
        ["", "", "ton", "burg", "ville", "stad", "holm", "ford", "mouth", "grad", "dorf", "by", "haven", "polis", "feld"];
    private static readonly string[] cityFronts = ["Port ", "New ", "Bad ", "San ", "St. ", "Upper ", "East ", "Lake "];

    /// <summary>A person's name, one to three words.</summary>
    public string Name() => random.Next(100) switch
    {
        < 8 => NameWord(),
        < 16 => $"{NameWord()} {(char)('A' + random.Next(26))}. {NameWord()}",
        < 24 => $"{NameWord()} {NameWord()}-{NameWord()}",
        _ => $"{NameWord()} {NameWord()}",
    };

    /// <summary>A city's name, one or two words.</summary>
    public string City() => (random.Next(6) == 0 ? Pick(cityFronts) : "") + Word(cityEndings);

    public string Pick(string[] options) => options[random.Next(options.Length)];

    private string NameWord() => Word(nameEndings);

    private string Word(string[] endings)
    {
        while (true)
        {
            var word = set == NameSet.Train && random.NextDouble() < LetterWordShare ? FromLetters() : FromSyllables(endings);
            if (word.Length is > 2 and < 12 && SetOf(word) == set)
            {
                return char.ToUpperInvariant(word[0]) + word[1..];
            }
        }
    }

    private string FromSyllables(string[] endings)
    {
        var word = new StringBuilder(Pick(syllables));
        for (var more = random.Next(1, 3); more > 0; more--)
        {
            word.Append(Pick(syllables));
        }

        return word.Append(Pick(endings)).ToString();
    }

    // Words without any pattern leave the model nothing to learn but copying.
    private string FromLetters() => string.Create(random.Next(3, 10), random, (word, r) =>
    {
        foreach (ref var letter in word)
        {
            letter = Letters[r.Next(Letters.Length)];
        }
    });

    // FNV-1a over the lower-case word: string.GetHashCode differs from process to process.
    private static NameSet SetOf(string word)
    {
        var hash = 2166136261u;
        foreach (var c in word)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return (hash >> 7) % TestOneIn == 0 ? NameSet.Test : NameSet.Train;
    }
}
