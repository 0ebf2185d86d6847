using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace FlexGen.Dataflow;

/// <summary>Checks data annotations of an options object and of every options object in it.</summary>
public static class OptionsValidation
{
    /// <summary>Every error, each beginning with the key's path as a pipeline file spells it; empty when there is none.</summary>
    public static IReadOnlyList<string> Errors(object options)
    {
        var errors = new List<string>();
        Collect(options, "", errors);
        return errors;
    }

    private static void Collect(object options, string path, List<string> errors)
    {
        foreach (var property in options.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0))
        {
            var key = Join(path, property.Name);
            var value = property.GetValue(options);
            var rules = property.GetCustomAttributes<ValidationAttribute>().OrderBy(rule => rule is not RequiredAttribute);
            if (rules.FirstOrDefault(rule => !rule.IsValid(value)) is { } broken)
            {
                errors.Add($"{key} {Explain(broken, value)}");
            }

            var type = property.PropertyType;
            if (type.IsClass && type.Assembly != typeof(string).Assembly && !typeof(IEnumerable).IsAssignableFrom(type) && value is not null)
            {
                Collect(value, key, errors);
            }
        }

        if (options is IValidatableObject whole)
        {
            errors.AddRange(whole.Validate(new ValidationContext(options))
                .Select(result => path.Length == 0 ? result.ErrorMessage! : $"{path}: {result.ErrorMessage}"));
        }
    }

    private static string Explain(ValidationAttribute broken, object? value) => broken switch
    {
        RequiredAttribute => "is missing.",
        RangeAttribute range => $"must be {Limits(range)}; found {value}.",
        MinLengthAttribute least => $"must have {least.Length} or more entries.",
        // Messages of their own are "{0} must be ...", and the key stands before them already.
        _ => $"{broken.FormatErrorMessage("").Trim().TrimEnd('.')}{Found(value)}.",
    };

    private static string Found(object? value) => value switch
    {
        string text => $"; found '{text}'",
        IEnumerable<double> numbers => $"; found {string.Join(' ', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)))}",
        IEnumerable<int> numbers => $"; found {string.Join(' ', numbers)}",
        _ => "",
    };

    private static string Limits(RangeAttribute range) =>
        range.Maximum is IConvertible most && most.ToDouble(CultureInfo.InvariantCulture) >= int.MaxValue ? $"{range.Minimum} or more"
        : range.MinimumIsExclusive ? $"above {range.Minimum} and at most {range.Maximum}"
        : $"between {range.Minimum} and {range.Maximum}";

    private static string Join(string path, string member)
    {
        var name = JsonNamingPolicy.CamelCase.ConvertName(member);
        return path.Length == 0 ? name : $"{path}.{name}";
    }
}
