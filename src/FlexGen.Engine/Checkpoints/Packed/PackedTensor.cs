using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>A linear layer's weight that is stored in 4 bits, in whatever layout.</summary>
/// <param name="name">The name that it would have if it were not.</param>
/// <param name="packed">The form that it is read in.</param>
internal abstract class PackedTensor(string name, PackedShape packed)
{
    private bool isChecked;

    public string Name => name;

    public PackedShape Packed => packed;

    /// <summary>[out, in].</summary>
    public long[] Shape => [packed.Rows, packed.Columns];

    /// <summary>The file that has it, or most of it.</summary>
    public abstract string Path { get; }

    /// <summary>Looks, once, at what can be wrong with it before it is read.</summary>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    public void Require()
    {
        if (!isChecked)
        {
            Check();
            isChecked = true;
        }
    }

    /// <summary>Copies some bytes of its packed form.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="to">Where to, in host memory.</param>
    /// <param name="bytes">How many.</param>
    /// <exception cref="CheckpointException">They cannot be read, or a scale is no number of float16.</exception>
    public abstract void Read(long start, IntPtr to, long bytes);

    protected abstract void Check();
}
