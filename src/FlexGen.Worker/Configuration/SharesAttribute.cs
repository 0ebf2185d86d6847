using System.ComponentModel.DataAnnotations;

namespace FlexGen.Worker.Configuration;

/// <summary>Pairs of per cents, on GPU and on host, that leave something or nothing for the disk.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SharesAttribute(int pairs) : ValidationAttribute
{
    public override bool IsValid(object? value) => value is null
        || (value is IList<double> shares && shares.Count == 2 * pairs && shares.Chunk(2).All(pair => pair is [>= 0, >= 0] && pair[0] + pair[1] <= 100));
}
