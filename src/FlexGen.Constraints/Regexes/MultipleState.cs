namespace FlexGen.Constraints.Regexes;

/// <summary>Where a decimal number is on its way to being a multiple: of <paramref name="Divisor"/> once it is written without its point.</summary>
/// <param name="Divisor">From 1.</param>
/// <param name="Digits">Digits of the fraction that count and are still to come; those after them are zeros.</param>
/// <param name="Remainder">Of what was read.</param>
/// <param name="Place">What may come.</param>
internal readonly record struct MultipleState(int Divisor, int Digits, int Remainder, MultiplePlace Place)
{
    /// <summary>The number may end here.</summary>
    public bool IsWhole
    {
        get
        {
            long rest = Remainder;
            for (var i = 0; i < Digits && rest != 0; i++)
            {
                rest = rest * 10 % Divisor;
            }

            return rest == 0 && Place is MultiplePlace.Whole or MultiplePlace.Fraction;
        }
    }

    /// <summary>After another character; null where none is like that.</summary>
    public MultipleState? After(int point) => (point, Place) switch
    {
        ('-', MultiplePlace.Start) => this with { Place = MultiplePlace.Sign },
        ('.', MultiplePlace.Whole) => this with { Place = MultiplePlace.Point },
        ( >= '0' and <= '9', MultiplePlace.Point or MultiplePlace.Fraction) when Digits == 0 =>
            point == '0' ? this with { Place = MultiplePlace.Fraction } : null,
        ( >= '0' and <= '9', MultiplePlace.Point or MultiplePlace.Fraction) =>
            this with { Digits = Digits - 1, Remainder = Next(point), Place = MultiplePlace.Fraction },
        ( >= '0' and <= '9', _) => this with { Remainder = Next(point), Place = MultiplePlace.Whole },
        _ => null,
    };

    private int Next(int digit) => (int)((Remainder * 10L + digit - '0') % Divisor);
}
