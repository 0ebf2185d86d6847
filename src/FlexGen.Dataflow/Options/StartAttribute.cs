using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>A text says where a group begins.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class StartAttribute() : ValidationAttribute($"{{0}} must be {StartPosition.Expected}.")
{
    public override bool IsValid(object? value) => value is string text && StartPosition.Parse(text) is not null;
}
