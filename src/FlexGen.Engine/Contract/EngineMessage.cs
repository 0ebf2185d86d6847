using System.Globalization;

namespace FlexGen.Engine;

/// <summary>What the engine says to people. It names settings as data, for whoever calls it to put into the words of its own users.</summary>
/// <param name="text">The text, with each <see cref="Setting"/> as an argument, or in a text that is one.</param>
public sealed class EngineMessage(FormattableString text)
{
    /// <summary>The text with settings by the names of <see cref="EngineOptions"/>.</summary>
    public override string ToString() => Worded(setting => setting.ToString());

    /// <summary>The text with settings by other names.</summary>
    public string Worded(Func<Setting, string> name) => Format(text, name);

    private static string Format(FormattableString text, Func<Setting, string> name) =>
        string.Format(CultureInfo.InvariantCulture, text.Format, Array.ConvertAll(text.GetArguments(), argument => argument switch
        {
            Setting setting => name(setting),
            FormattableString part => Format(part, name),
            EngineMessage message => message.Worded(name),
            _ => argument,
        }));
}
