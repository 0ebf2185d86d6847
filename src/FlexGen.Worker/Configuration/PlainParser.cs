using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FlexGen.Worker.Configuration;

/// <summary>
/// Passes on what a YAML parser finds as long as it is not too deep and its keys are words: what is made of it is built by recursion,
/// whose stack has an end, and keys are hashed with all that their aliases repeat.
/// </summary>
internal sealed class PlainParser(IParser parser, int depth) : IParser
{
    /// <summary>The mappings and sequences that are open, and how many nodes of each have been found.</summary>
    private readonly Stack<(bool IsMapping, int Nodes)> open = new();

    private readonly HashSet<AnchorName> anchors = [];

    public ParsingEvent? Current => parser.Current;

    /// <exception cref="YamlException">There is something deeper, or a key that is no word, or an alias of nothing.</exception>
    public bool MoveNext()
    {
        var moved = parser.MoveNext();
        if (parser.Current is MappingEnd or SequenceEnd)
        {
            open.Pop();
        }
        else if (parser.Current is NodeEvent or AnchorAlias)
        {
            Enter(parser.Current);
        }

        if (parser.Current is NodeEvent { Anchor.IsEmpty: false } named)
        {
            anchors.Add(named.Anchor);
        }
        // The library says of it that it is on line 1.
        if (parser.Current is AnchorAlias alias && !anchors.Contains(alias.Value))
        {
            throw new YamlException(alias.Start, alias.End, $"there is no anchor '&{alias.Value}' before '*{alias.Value}'.");
        }

        return moved;
    }

    private void Enter(ParsingEvent node)
    {
        if (open.TryPop(out var holder))
        {
            if (holder.IsMapping && holder.Nodes % 2 == 0 && node is not Scalar)
            {
                throw new YamlException(node.Start, node.End, "a key must be a word.");
            }

            open.Push(holder with { Nodes = holder.Nodes + 1 });
        }

        if (node is MappingStart or SequenceStart)
        {
            if (open.Count > depth)
            {
                throw new YamlException(node.Start, node.End, $"nested more than {depth} levels deep.");
            }

            open.Push((node is MappingStart, 0));
        }
    }
}
