using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>No number of a list is below 0. Which ids there are is the model's to say.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TokenIdsAttribute() : ValidationAttribute("{0} must hold token ids, none below 0.")
{
    public override bool IsValid(object? value) => value is not IEnumerable<int> ids || ids.All(id => id >= 0);
}
