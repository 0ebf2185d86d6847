using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>No text of a list is empty.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NoEmptyTextAttribute() : ValidationAttribute("{0} must not hold an empty text.")
{
    public override bool IsValid(object? value) => value is not IEnumerable<string> texts || texts.All(text => !string.IsNullOrEmpty(text));
}
