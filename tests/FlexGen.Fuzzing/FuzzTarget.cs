using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Engine;
using FlexGen.Tokenizers;

namespace FlexGen.Fuzzing;

/// <summary>Something that reads what others wrote.</summary>
internal abstract class FuzzTarget
{
    public abstract string Name { get; }

    /// <summary>Inputs that are read without an error, which changed ones are made of.</summary>
    public abstract IEnumerable<byte[]> Seeds();

    /// <summary>Reads one input as the worker would.</summary>
    /// <returns>Null where it was read; the project's own words where it was refused.</returns>
    public string? Run(byte[] input)
    {
        try
        {
            Read(input);
            return null;
        }
        catch (Exception e) when (IsRefusal(e))
        {
            return e.Message;
        }
    }

    /// <summary>A changed input. Where nothing better is known, bytes are changed.</summary>
    public virtual byte[] Mutate(byte[] seed, byte[] other, Random random) => ByteMutation.Of(seed, other, random);

    protected abstract void Read(byte[] input);

    /// <summary>Whether an exception tells a user what is wrong with the input. Anything else is a find.</summary>
    protected virtual bool IsRefusal(Exception e) =>
        e is PipelineException or RecordException or SchemaException or CheckpointException or EngineException or RequestException or TokenizerException;

    protected static string Below(params string[] path) => Path.Combine([Repository.Root, "tests", .. path]);
}
