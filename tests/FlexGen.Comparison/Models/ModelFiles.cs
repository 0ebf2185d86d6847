using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using FlexGen.Comparison.Gguf;

namespace FlexGen.Comparison.Models;

/// <summary>A random Llama as a Hugging Face checkpoint in bfloat16 and as GGUF files, made tensor by tensor from one seed: the same numbers in all of them.</summary>
internal static class ModelFiles
{
    private const double Deviation = 0.02;

    public static string Checkpoint(string folder, LlamaSize size) => Path.Combine(folder, size.Name);

    public static string Gguf(string folder, LlamaSize size, GgufType type) => Path.Combine(folder, $"{size.Name}.{type.ToString().ToLowerInvariant()}.gguf");

    /// <summary>Makes those files that are not there.</summary>
    public static void Make(string folder, LlamaSize size, ulong seed, IReadOnlyList<GgufType> types)
    {
        var checkpoint = Checkpoint(folder, size);
        Directory.CreateDirectory(checkpoint);
        if (types.Select(type => Gguf(folder, size, type)).Append(Path.Combine(checkpoint, "model.safetensors")).All(File.Exists))
        {
            return;
        }

        LlamaWeight[] weights = [.. size.Weights()];
        // Under other names until they are whole.
        var files = types.Select(type => (Path: Gguf(folder, size, type), Writer: new GgufWriter(Gguf(folder, size, type) + ".part", Metadata(size, type),
            [.. weights.Select(w => new GgufWriter.Tensor(w.GgufName, w.Shape, w.IsNorm ? GgufType.F32 : type))]))).ToArray();
        using (var safetensors = File.Create(Path.Combine(checkpoint, "model.safetensors.part")))
        {
            safetensors.Write(Header(weights));
            for (var i = 0; i < weights.Length; i++)
            {
                var elements = Draw(weights[i], RandomNumbers.Hash(seed + (ulong)i));
                safetensors.Write(MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(elements, e => (ushort)(BitConverter.SingleToUInt32Bits(e) >> 16))));
                var permuted = weights[i].ForGguf(elements);
                Array.ForEach(files, file => file.Writer.Append(permuted));
            }
        }

        foreach (var (path, writer) in files)
        {
            writer.Complete();
            writer.Dispose();
            File.Move(path + ".part", path, overwrite: true);
        }

        File.WriteAllText(Path.Combine(checkpoint, "config.json"), Config(size));
        File.Move(Path.Combine(checkpoint, "model.safetensors.part"), Path.Combine(checkpoint, "model.safetensors"), overwrite: true);
    }

    private static float[] Draw(LlamaWeight weight, ulong seed)
    {
        var elements = new float[weight.Shape.Aggregate(1L, (a, b) => a * b)];
        if (weight.IsNorm)
        {
            Array.Fill(elements, 1);
        }
        else
        {
            RandomNumbers.Fill(elements, seed, Deviation);
        }

        return elements;
    }

    private static byte[] Header(LlamaWeight[] weights)
    {
        var entries = new Dictionary<string, object> { ["__metadata__"] = new { format = "pt" } };
        var begin = 0L;
        foreach (var weight in weights)
        {
            var end = begin + (2 * weight.Shape.Aggregate(1L, (a, b) => a * b));
            entries.Add(weight.Name, new { dtype = "BF16", shape = weight.Shape, data_offsets = (long[])[begin, end] });
            begin = end;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(entries);
        var header = new byte[sizeof(long) + ((json.Length + 7) / 8 * 8)];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(long));
        json.CopyTo(header, sizeof(long));
        return header;
    }

    private static string Config(LlamaSize size) => JsonSerializer.Serialize(new
    {
        architectures = (string[])["LlamaForCausalLM"],
        model_type = "llama",
        hidden_act = "silu",
        hidden_size = size.Hidden,
        intermediate_size = size.Feedforward,
        max_position_embeddings = LlamaSize.Context,
        num_attention_heads = size.Heads,
        num_hidden_layers = size.Layers,
        num_key_value_heads = size.KvHeads,
        rms_norm_eps = LlamaSize.NormEpsilon,
        rope_theta = LlamaSize.RotaryBase,
        tie_word_embeddings = false,
        torch_dtype = "bfloat16",
        vocab_size = size.Vocabulary,
    });

    private static KeyValuePair<string, object>[] Metadata(LlamaSize size, GgufType type) =>
    [
        new("general.architecture", "llama"),
        new("general.name", $"random {size.Name}"),
        new("general.quantization_version", 2u),
        new("general.file_type", type switch { GgufType.Q4_0 => 2u, GgufType.Q8_0 => 7u, _ => 0u }),
        new("llama.vocab_size", (uint)size.Vocabulary),
        new("llama.context_length", (uint)LlamaSize.Context),
        new("llama.embedding_length", (uint)size.Hidden),
        new("llama.block_count", (uint)size.Layers),
        new("llama.feed_forward_length", (uint)size.Feedforward),
        new("llama.rope.dimension_count", (uint)size.HeadDim),
        new("llama.rope.freq_base", (float)LlamaSize.RotaryBase),
        new("llama.attention.head_count", (uint)size.Heads),
        new("llama.attention.head_count_kv", (uint)size.KvHeads),
        new("llama.attention.layer_norm_rms_epsilon", (float)LlamaSize.NormEpsilon),
        .. DummyVocabulary.Metadata(size.Vocabulary),
    ];
}
