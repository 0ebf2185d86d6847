using System.Text;
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
            PositionKind.Value => (position.Frame is ArrayFrame { IsUnique: true } array ? array.StartCost : Grammar.Rules[position.Rule].Cost) + after,
            PositionKind.Scalar => position.Lex!.Cost + after,
            PositionKind.Name => ((ObjectFrame)position.Frame!).TakenCosts.Cost(position.Lex!, position.Taken),
            PositionKind.Colon => 1 + Grammar.Rules[position.Rule].Cost + after,
            PositionKind.NextName when position.Frame is ObjectFrame { Names: { } names } frame => 1 + frame.TakenCosts.Cost(names, frame.Taken),
            _ => after,
        };
        return (int)Math.Min(cost, LexAutomaton.Never);
    }

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
                var text = !from.KeepsText ? null : lex.Form.Mode == LexMode.Raw ? Encoding.UTF8.GetString([.. name.Span, .. bytes[..i]])
                    : Decoded([.. name.Span, .. bytes[..i]]);
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
            Name = from.KeepsText ? (byte[])[.. name.Span, .. bytes] : default,
        });
    }

    /// <summary>The position after a whole text.</summary>
    /// <param name="position">The one in it.</param>
    /// <param name="tag">What it is.</param>
    /// <param name="text">The text, where that matters; null where it is not known.</param>
    public static Position AfterText(Position position, int tag, string? text)
    {
        if (position.Kind == PositionKind.Scalar)
        {
            var item = text is not null && position.Lex!.Form.Mode != LexMode.Raw ? '"' + text : text;
            return new Position { Kind = PositionKind.After, Frame = position.Frame is ArrayFrame array ? array.After(item) : position.Frame };
        }

        var frame = (ObjectFrame)position.Frame!;
        return new Position { Kind = PositionKind.Colon, Frame = frame.With(tag, text), Rule = frame.Value(tag) };
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
        var (text, scalar) = frame is ArrayFrame { IsUnique: true } unique ? unique.Starts : (rule.Text, rule.Scalar);
        switch (value)
        {
            case (byte)'"' when text is not null:
                to.Add(new Position { Kind = PositionKind.Scalar, Frame = frame, Lex = text });
                break;
            case (byte)'{':
                foreach (var each in rule.Objects)
                {
                    Open(new ObjectFrame(frame, each, Grammar), PositionKind.ObjectStart, to);
                }

                break;
            case (byte)'[':
                foreach (var each in rule.Arrays)
                {
                    Open(new ArrayFrame(frame, each), PositionKind.ArrayStart, to);
                }

                break;
            default:
                if (scalar?.Next(value) is { } next)
                {
                    to.Add(new Position
                    {
                        Kind = PositionKind.Scalar,
                        Frame = frame,
                        Lex = next,
                        Name = frame is ArrayFrame { IsUnique: true } ? new[] { value } : default,
                    });
                }

                break;
        }
    }

    // Where it would be too deep to be ended, it is not begun.
    private static void Open(Frame frame, PositionKind start, List<Position> to)
    {
        if (frame.Cost < LexAutomaton.Never)
        {
            to.Add(new Position { Kind = start, Frame = frame });
        }
    }

    private static void StepAfter(Position from, byte value, List<Position> to)
    {
        switch (from.Frame)
        {
            case ObjectFrame { MayEnd: var mayEnd } when value == '}':
                End(from.Frame, mayEnd, to);
                break;
            case ObjectFrame frame when value == ',' && (frame.IsUnsure || frame.MayGoOn):
                to.Add(new Position { Kind = PositionKind.NextName, Frame = frame });
                break;
            case ArrayFrame { MayEnd: var mayEnd } when value == ']':
                End(from.Frame, mayEnd, to);
                break;
            case ArrayFrame array when value == ',':
                foreach (var (rule, frame) in array.IsUnsure ? [] : array.Next())
                {
                    to.Add(new Position { Kind = PositionKind.Value, Frame = frame, Rule = rule });
                }

                if (array.IsUnsure)
                {
                    to.Add(new Position { Kind = PositionKind.Unsure, Frame = array });
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
        else
        {
            to.AddRange(frame.Owing.Prepend(frame).Where(each => each.Names is not null)
                .Select(each => new Position { Kind = PositionKind.Name, Frame = each, Lex = each.Names, Taken = each.Taken }));
        }
    }

    private static string Decoded(byte[] name)
    {
        var reader = new Utf8JsonReader([(byte)'"', .. name, (byte)'"']);
        reader.Read();
        return reader.GetString()!;
    }
}
