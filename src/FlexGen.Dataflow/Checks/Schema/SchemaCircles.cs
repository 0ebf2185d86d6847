using System.Runtime.CompilerServices;

namespace FlexGen.Dataflow.Checks.Schema;

/// <summary>Refuses schemas that lead back to themselves without going into the value, such as <c>{"$ref": "#"}</c>: checking would never end.</summary>
internal static class SchemaCircles
{
    /// <exception cref="SchemaException">There is such a circle.</exception>
    public static void Check(IEnumerable<SchemaNode> nodes)
    {
        var done = new HashSet<SchemaNode>();
        var open = new HashSet<SchemaNode>();
        foreach (var node in nodes)
        {
            Visit(node, open, done);
        }
    }

    private static void Visit(SchemaNode node, HashSet<SchemaNode> open, HashSet<SchemaNode> done)
    {
        if (done.Contains(node))
        {
            return;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (!open.Add(node))
        {
            throw new SchemaException(node.Location, "leads back to itself for the same value, so that a check would never end");
        }

        foreach (var next in node.InPlace)
        {
            Visit(next, open, done);
        }

        open.Remove(node);
        done.Add(node);
    }
}
