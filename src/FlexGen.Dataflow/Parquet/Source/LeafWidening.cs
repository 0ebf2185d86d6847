using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using FlexGen.Dataflow.Columns;
using Parquet.Meta;
using Bytes = System.ReadOnlyMemory<byte>;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Makes the values of a file's leaf those of the dataset's, whose type takes them all and which may be null where the file's is not.</summary>
internal abstract class LeafWidening
{
    /// <param name="read">The file's values.</param>
    /// <param name="onLost">
    /// Told of each value that overflows the dataset's type, with its row and what to say of it. Types promise that none does; values need not keep it.
    /// </param>
    public abstract ColumnData Apply(ColumnData read, Action<int, string> onLost);

    /// <returns>Null where the file's values are the dataset's as they are.</returns>
    public static LeafWidening? Of(PhysicalField own, PhysicalField wanted)
    {
        if (CommonType.NameOf(own.Element) == CommonType.NameOf(wanted.Element))
        {
            return own.MaxDefinitionLevel == wanted.MaxDefinitionLevel ? null : new OfSameType(own, wanted);
        }

        return (Annotation.Of(own.Element), Annotation.Of(wanted.Element)) switch
        {
            ({ UNKNOWN: not null }, _) => OfNulls(own, wanted),
            ({ DECIMAL: { } from }, { DECIMAL: { } to }) => OfDecimals(own, from, wanted, to),
            ({ TIMESTAMP: { } from }, { TIMESTAMP: { } to }) => OfTimes(own, from.Unit, wanted, to.Unit),
            ({ TIME: { } from }, { TIME: { } to }) => OfTimes(own, from.Unit, wanted, to.Unit),
            ({ FLOAT16: not null }, _) when wanted.ClrType == typeof(float) =>
                new LeafWidening<Bytes, float>(own, wanted, half => (float)BinaryPrimitives.ReadHalfLittleEndian(half.Span)),
            ({ FLOAT16: not null }, _) => new LeafWidening<Bytes, double>(own, wanted, half => (double)BinaryPrimitives.ReadHalfLittleEndian(half.Span)),
            _ when own.ClrType == typeof(float) => new LeafWidening<float, double>(own, wanted, value => value),
            _ => OfIntegers(own, wanted),
        };
    }

    private static LeafWidening OfNulls(PhysicalField own, PhysicalField wanted) => (LeafWidening)Activator.CreateInstance(
        typeof(LeafWidening<,>).MakeGenericType(own.ClrType, wanted.ClrType), own, wanted, null)!;

    private static LeafWidening OfTimes(PhysicalField own, TimeUnit from, PhysicalField wanted, TimeUnit to)
    {
        var factor = Annotation.PerSecond(to) / Annotation.PerSecond(from);
        return own.ClrType == typeof(int)
            ? new LeafWidening<int, long>(own, wanted, value => value * factor)
            : new LeafWidening<long, long>(own, wanted, value => value >= long.MinValue / factor && value <= long.MaxValue / factor ? value * factor : null);
    }

    private static LeafWidening OfIntegers(PhysicalField own, PhysicalField wanted) =>
        own.ClrType == typeof(uint) ? OfIntegers<uint>(own, wanted) : OfIntegers<int>(own, wanted);

    private static LeafWidening OfIntegers<T>(PhysicalField own, PhysicalField wanted)
        where T : struct, IBinaryInteger<T>
    {
        var (bits, isSigned) = CommonType.IntegerOf(own.Element)!.Value;
        var min = isSigned ? -1L << (bits - 1) : 0;
        var max = (1L << (isSigned ? bits - 1 : bits)) - 1;
        return wanted.ClrType == typeof(int) ? To<int>()
            : wanted.ClrType == typeof(uint) ? To<uint>()
            : wanted.ClrType == typeof(long) ? To<long>()
            : To<ulong>();

        // More bits than the type has can be stored.
        LeafWidening<T, TWide> To<TWide>()
            where TWide : struct, IBinaryInteger<TWide> =>
            new(own, wanted, value => long.CreateChecked(value) is var number && number >= min && number <= max ? TWide.CreateChecked(number) : null);
    }

    private static LeafWidening OfDecimals(PhysicalField own, DecimalType from, PhysicalField wanted, DecimalType to)
    {
        var factor = BigInteger.Pow(10, to.Scale - from.Scale);
        var limit = BigInteger.Pow(10, to.Precision);
        return own.Element.Type switch
        {
            PhysicalType.INT32 => From<int>(value => value),
            PhysicalType.INT64 => From<long>(value => value),
            _ => From<Bytes>(value => new BigInteger(value.Span, isBigEndian: true)),
        };

        LeafWidening From<T>(Func<T, BigInteger> unscaled)
            where T : struct
        {
            var length = wanted.IsFixedLength ? wanted.Element.TypeLength : null;
            return wanted.Element.Type switch
            {
                PhysicalType.INT32 => new LeafWidening<T, int>(own, wanted, value => (int?)Rescaled(value)),
                PhysicalType.INT64 => new LeafWidening<T, long>(own, wanted, value => (long?)Rescaled(value)),
                _ => new LeafWidening<T, Bytes>(own, wanted, value => Rescaled(value) is { } number ? BytesOf(number, length) : null),
            };

            BigInteger? Rescaled(T value) => unscaled(value) * factor is var number && BigInteger.Abs(number) < limit ? number : null;
        }
    }

    // As many as are stated, or as it takes.
    private static Bytes BytesOf(BigInteger number, int? length)
    {
        var bytes = new byte[length ?? number.GetByteCount()];
        bytes.AsSpan().Fill((byte)(number.Sign < 0 ? 0xff : 0));
        number.TryWriteBytes(bytes.AsSpan(bytes.Length - number.GetByteCount()), out _, isBigEndian: true);
        return bytes;
    }

    /// <summary>The dataset's definition level for each of the file's: more groups may be missing there.</summary>
    protected static int[] LevelsOf(PhysicalField own, PhysicalField wanted)
    {
        var levels = new int[own.MaxDefinitionLevel + 1];
        var level = 0;
        var inDataset = 0;
        foreach (var (repetition, wider) in own.Repetitions.Zip(wanted.Repetitions))
        {
            if (repetition != FieldRepetitionType.REQUIRED)
            {
                levels[level++] = inDataset;
            }

            inDataset += wider != FieldRepetitionType.REQUIRED ? 1 : 0;
        }

        levels[level] = inDataset;
        return levels;
    }

    private sealed class OfSameType(PhysicalField own, PhysicalField wanted) : LeafWidening
    {
        private readonly int[] levels = LevelsOf(own, wanted);

        public override ColumnData Apply(ColumnData read, Action<int, string> onLost) => read.As(wanted, levels);
    }
}

/// <inheritdoc/>
/// <param name="own">The file's leaf.</param>
/// <param name="wanted">The dataset's.</param>
/// <param name="convert">Makes one of the dataset's values of one of the file's; null where there is none. Where it is null itself there never is.</param>
internal sealed class LeafWidening<T, TWide>(PhysicalField own, PhysicalField wanted, Func<T, TWide?>? convert) : LeafWidening
    where T : struct
    where TWide : struct
{
    private readonly int[] levels = LevelsOf(own, wanted);

    public override ColumnData Apply(ColumnData read, Action<int, string> onLost) =>
        ((TypedColumnData<T>)read).As(wanted, levels, convert ?? (_ => null), (row, value) => onLost(row, Lost(value)));

    private string Lost(T value)
    {
        var text = value is Bytes bytes ? $"0x{Convert.ToHexString(bytes.Span)}" : string.Create(CultureInfo.InvariantCulture, $"{value}");
        return $"column '{own.Path.ToString(".", null)}' holds {Excerpt.Of(text, 100)}, of the type {CommonType.NameOf(own.Element)}, which is not among the "
            + $"values of {CommonType.NameOf(wanted.Element)}, the type that all files' values are read as; it is left out.";
    }
}
