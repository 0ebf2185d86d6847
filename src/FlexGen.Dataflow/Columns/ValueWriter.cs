using System.Buffers;

namespace FlexGen.Dataflow.Columns;

/// <summary>Writes a column's value as text.</summary>
internal delegate void ValueWriter(ColumnData column, int row, IBufferWriter<char> text);
