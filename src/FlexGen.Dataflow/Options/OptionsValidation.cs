using System.Collections;
using System.ComponentModel.DataAnnotations;
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
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        foreach (var result in results)
        {
            // An end that is missing is an error of the object that should hold it.
            var member = options is IValidatableObject ? null : result.MemberNames.FirstOrDefault();
            errors.Add($"{(member is null ? path : Join(path, member))}: {result.ErrorMessage}");
        }
        foreach (var property in options.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0))
        {
            var type = property.PropertyType;
            if (type.IsClass && type.Assembly != typeof(string).Assembly && !typeof(IEnumerable).IsAssignableFrom(type)
                && property.GetValue(options) is { } value)
            {
                Collect(value, Join(path, property.Name), errors);
            }
        }
    }

    private static string Join(string path, string member)
    {
        var name = JsonNamingPolicy.CamelCase.ConvertName(member);
        return path.Length == 0 ? name : $"{path}.{name}";
    }
}
