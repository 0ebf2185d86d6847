using System.Collections;
using System.ComponentModel;
using System.Reflection;
using FlexGen.Dataflow;

namespace FlexGen.Worker.Configuration;

/// <summary>What kinds of value an options class holds, and the keys that reach them.</summary>
internal static class KeyPath
{
    public static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetIndexParameters().Length == 0);

    public static string Name(PropertyInfo property) => char.ToLowerInvariant(property.Name[0]) + property.Name[1..];

    /// <summary>The type of a list's items; null for any other type.</summary>
    public static Type? ItemType(Type type) =>
        type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type) || ValueType(type) is not null
            ? null
            : type.IsArray ? type.GetElementType() : type.GetGenericArguments()[0];

    /// <summary>The type of a dictionary's values; null for any other type.</summary>
    public static Type? ValueType(Type type) =>
        type.IsGenericType && type.GetGenericArguments() is [var key, var value] && key == typeof(string) ? value : null;

    public static bool IsSingleValue(Type type) => TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string));

    public static bool IsMapping(Type type) => !IsSingleValue(type) && ItemType(type) is null && ValueType(type) is null;

    /// <summary>The path of the list in which a key's path ends; null where it ends in none.</summary>
    public static string? ListOf(Type root, string key)
    {
        var words = key.Split(':');
        var type = root;
        for (var depth = 0; depth < words.Length; depth++)
        {
            if (Properties(type).FirstOrDefault(p => p.Name.Equals(words[depth], StringComparison.OrdinalIgnoreCase)) is not { PropertyType: var inner })
            {
                return null;
            }

            if (ItemType(inner) is not null)
            {
                return string.Join(':', words[..(depth + 1)]);
            }

            type = inner;
        }

        return null;
    }

    /// <summary>Every key below a type, with its path from there.</summary>
    public static IEnumerable<string> All(Type type, string prefix = "")
    {
        foreach (var property in Properties(type))
        {
            var path = prefix + Name(property);
            yield return path;
            var inner = IsMapping(property.PropertyType) ? All(property.PropertyType, path + ".") : [];
            foreach (var key in inner)
            {
                yield return key;
            }
        }
    }

    /// <summary>The known path most like an unknown one: beside it, else anywhere; null where none is like it.</summary>
    /// <param name="root">Type of the whole.</param>
    /// <param name="siblings">Keys known where the unknown one stands.</param>
    /// <param name="here">The path to that place.</param>
    /// <param name="word">The unknown key.</param>
    public static string? Nearest(Type root, IEnumerable<string> siblings, string here, string word)
    {
        if (NearestName.Of(word, siblings) is { } sibling)
        {
            return here.Length == 0 ? sibling : $"{here}.{sibling}";
        }

        var known = All(root).ToLookup(path => path[(path.LastIndexOf('.') + 1)..]);
        return NearestName.Of(word, known.Select(k => k.Key)) is { } elsewhere ? known[elsewhere].First() : null;
    }
}
