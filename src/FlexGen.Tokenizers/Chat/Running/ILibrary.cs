using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>What filters and functions ask of all that a template has.</summary>
internal interface ILibrary
{
    TimeProvider Time { get; }

    /// <exception cref="TemplateFailure">There is no such filter, or it does not take the value.</exception>
    object Filter(string name, object value, CallArguments arguments);

    /// <exception cref="TemplateFailure">There is no such test, or it does not take the value.</exception>
    bool Test(string name, object value, CallArguments arguments);

    /// <summary>A method of a value; null: it has none of that name.</summary>
    Function? FindMethod(object of, string name);

    /// <summary>What was made, paid for.</summary>
    /// <exception cref="TemplateFailure">It is too long, or there were too many steps.</exception>
    object Paid(object made);
}
