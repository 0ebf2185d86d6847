namespace FlexGen.Dataflow.Checks;

/// <summary>Which parts of one array or object the schemas that hold for it have looked at: <c>unevaluated...</c> applies to the rest.</summary>
internal sealed class Evaluated
{
    private readonly HashSet<string> names = [];
    private readonly HashSet<int> items = [];
    private bool allNames;
    private int firstItems;

    public void AddName(string name) => names.Add(name);

    public void AddAllNames() => allNames = true;

    public void AddItem(int index) => items.Add(index);

    public void AddFirstItems(int count) => firstItems = Math.Max(firstItems, count);

    public bool Has(string name) => allNames || names.Contains(name);

    public bool Has(int item) => item < firstItems || items.Contains(item);

    public void Add(Evaluated other)
    {
        names.UnionWith(other.names);
        items.UnionWith(other.items);
        allNames |= other.allNames;
        AddFirstItems(other.firstItems);
    }
}
