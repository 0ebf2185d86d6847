namespace FlexGen.Constraints;

/// <summary>In which order an object's properties stand.</summary>
public enum PropertyOrder
{
    /// <summary>
    /// As in <c>properties</c>. Of several such lists that one object must keep to, as by <c>allOf</c>, each keeps its order. Properties that no list has come
    /// after those, except that required ones may stand anywhere.
    /// </summary>
    Schema,

    /// <summary>In any.</summary>
    Any,
}
