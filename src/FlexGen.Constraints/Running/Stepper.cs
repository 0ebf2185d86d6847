using System.Text.Json;
using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>Goes from one position to the next ones. Thread-safe.</summary>
/// <param name="grammar">The documents there are.</param>
internal sealed class Stepper(JsonGrammar grammar)
{
    private const int IndentPerLevel = 4;

    public JsonGrammar Grammar { get; } = grammar;

    /// <summary>Tokens, at most, of the shortest way to the end of the document.</summary>
    public int Cost(Position position)
    {
        long after = position.Frame?.Cost ?? 0;
        var cost = position.Kind switch
        {
            PositionKind.Value => Grammar.Rules[position.Rule].Cost + after,
            PositionKind.Scalar => position.Lex!.Cost + after,
            PositionKind.Name => CostOfName((ObjectFrame)position.Frame!, position.Lex!),
            PositionKind.Colon => 1 + Grammar.Rules[position.Rule].Cost + after,
            PositionKind.NextName when position.Frame is ObjectFrame { Names: { } names } frame => 1 + CostOfName(frame, names),
            _ => after,
        };
        return (int)Math.Min(cost, LexAutomaton.Never);
    }

    public static long CostOfName(ObjectFrame frame, LexState name) => (long)name.Cost + frame.CostAfter(name.Chars.Parts[0].Tag);

    /// <summary>A byte may follow.</summary>
    public bool MayFollow(Position position, byte value)
    {
        if (position.Lex?.Next(value) is { } next && (!next.IsClosed || position.Taken?.Next(value) is not { IsClosed: true }))
        {
            return true;
        }

        if (position.Lex is { AcceptTag: < 0 })
        {
            return false;
        }

        var after = new List<Position>();
        Step(position.Lex is null ? position : AfterText(position, position.Lex.AcceptTag, null), value, after);
        return after.Count > 0;
    }

    /// <summary>Adds the positions after some bytes.</summary>
    public void Advance(Position from, ReadOnlySpan<byte> bytes, List<Position> to)
    {
        var name = from.Name;
        var lex = from.Lex;
        var taken = from.Taken;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (lex is null)
            {
                var next = new List<Position>();
                Step(from, bytes[i], next);
                foreach (var position in next)
                {
                    Advance(position, bytes[(i + 1)..], to);
                }

                return;
            }

            var after = lex.Next(bytes[i]);
            taken = taken?.Next(bytes[i]);
            if (after is { IsClosed: true } || (after is null && lex.AcceptTag >= 0))
            {
                var text = from.Kind == PositionKind.Name ? Decoded([.. name.Span, .. bytes[..i]]) : null;
                if (taken is not { IsClosed: true } && AfterText(from, (after ?? lex).AcceptTag, text) is { } then)
                {
                    Advance(then, bytes[(after is null ? i : i + 1)..], to);
                }

                return;
            }

            if (after is null)
            {
                return;
            }

            lex = after;
        }

        to.Add(lex == from.Lex && bytes.Length == 0 ? from : new Position
        {
            Kind = from.Kind,
            Frame = from.Frame,
            Lex = lex,
            Taken = taken,
            Name = from.Kind == PositionKind.Name ? (byte[])[.. name.Span, .. bytes] : default,
        });
    }

    /// <summary>The position after a whole text.</summary>
    /// <param name="position">The one in it.</param>
    /// <param name="tag">What it is.</param>
    /// <param name="name">The text, where it is a name; null where it is not known.</param>
    public static Position AfterText(Position position, int tag, string? name)
    {
        if (position.Kind == PositionKind.Scalar)
        {
            return new Position { Kind = PositionKind.After, Frame = position.Frame };
        }

        var frame = (ObjectFrame)position.Frame!;
        return new Position { Kind = PositionKind.Colon, Frame = frame.With(tag, name), Rule = frame.Value(tag) };
    }

    /// <summary>Adds the positions after a byte, from one that is in no text.</summary>
    public void Step(Position from, byte value, List<Position> to)
    {
        if (value is (byte)' ' or (byte)'\n' or (byte)'\t')
        {
            if (Space(from, value) is { } space)
            {
                to.Add(space);
            }

            return;
        }

        switch (from.Kind)
        {
            case PositionKind.Value:
                StepValue(from.Frame, from.Rule, value, to);
                break;
            case PositionKind.Colon when value == ':':
                to.Add(new Position { Kind = PositionKind.Value, Frame = from.Frame, Rule = from.Rule });
                break;
            case PositionKind.After:
                StepAfter(from, value, to);
                break;
            case PositionKind.ObjectStart or PositionKind.NextName when value == '"':
                StartName((ObjectFrame)from.Frame!, to);
                break;
            case PositionKind.ObjectStart when value == '}' && ((ObjectFrame)from.Frame!).MayEnd:
                to.Add(new Position { Kind = PositionKind.After, Frame = from.Frame.Parent });
                break;
            case PositionKind.ArrayStart when value == ']':
                End(from.Frame!, ((ArrayFrame)from.Frame!).MayEnd, to);
                break;
            case PositionKind.ArrayStart:
                foreach (var (rule, frame) in ((ArrayFrame)from.Frame!).Next())
                {
                    StepValue(frame, rule, value, to);
                }

                break;
        }
    }

    private Position? Space(Position from, byte value)
    {
        var indent = from.Space - 2;
        var isAllowed = Grammar.AllowsWhitespace && from.Kind is not (PositionKind.Unsure or PositionKind.Scalar or PositionKind.Name)
            && (from.Kind != PositionKind.After || from.Frame is not null)
            && (indent < 0 ? from.Space == 0 && value != '\t' : value != '\n' && indent < IndentPerLevel * (from.Frame?.Depth ?? 0));
        return isAllowed
            ? new Position { Kind = from.Kind, Frame = from.Frame, Rule = from.Rule, Space = indent >= 0 ? from.Space + 1 : value == '\n' ? 2 : 1 }
            : null;
    }

    private void StepValue(Frame? frame, int number, byte value, List<Position> to)
    {
        var rule = Grammar.Rules[number];
        switch (value)
        {
            case (byte)'"' when rule.Text is not null:
                to.Add(new Position { Kind = PositionKind.Scalar, Frame = frame, Lex = rule.Text });
                break;
            case (byte)'{':
                foreach (var each in rule.Objects)
                {
                    to.Add(new Position { Kind = PositionKind.ObjectStart, Frame = new ObjectFrame(frame, each, Grammar) });
                }

                break;
            case (byte)'[':
                foreach (var each in rule.Arrays)
                {
                    to.Add(new Position { Kind = PositionKind.ArrayStart, Frame = new ArrayFrame(frame, each, Grammar, 0, 0) });
                }

                break;
            default:
                if (rule.Scalar?.Next(value) is { } scalar)
                {
                    to.Add(new Position { Kind = PositionKind.Scalar, Frame = frame, Lex = scalar });
                }

                break;
        }
    }

    private static void StepAfter(Position from, byte value, List<Position> to)
    {
        switch (from.Frame)
        {
            case ObjectFrame { MayEnd: var mayEnd } when value == '}':
                End(from.Frame, mayEnd, to);
                break;
            case ObjectFrame frame when value == ',' && (frame.IsUnsure || frame.Names is not null):
                to.Add(new Position { Kind = PositionKind.NextName, Frame = frame });
                break;
            case ArrayFrame { MayEnd: var mayEnd } when value == ']':
                End(from.Frame, mayEnd, to);
                break;
            case ArrayFrame array when value == ',':
                foreach (var (rule, frame) in array.Next())
                {
                    to.Add(new Position { Kind = PositionKind.Value, Frame = frame, Rule = rule });
                }

                break;
        }
    }

    private static void End(Frame frame, bool mayEnd, List<Position> to)
    {
        if (mayEnd)
        {
            to.Add(new Position { Kind = PositionKind.After, Frame = frame.Parent });
        }
    }

    private static void StartName(ObjectFrame frame, List<Position> to)
    {
        if (frame.IsUnsure)
        {
            to.Add(new Position { Kind = PositionKind.Unsure, Frame = frame });
        }
        else if (frame.Names is { } names)
        {
            to.Add(new Position { Kind = PositionKind.Name, Frame = frame, Lex = names, Taken = frame.Taken });
        }
    }

    private static string Decoded(byte[] name)
    {
        var reader = new Utf8JsonReader([(byte)'"', .. name, (byte)'"']);
        reader.Read();
        return reader.GetString()!;
    }
}
