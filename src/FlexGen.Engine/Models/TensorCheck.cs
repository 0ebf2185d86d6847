using System.Text.RegularExpressions;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;

namespace FlexGen.Engine.Models;

/// <summary>
/// Holds a model against what its checkpoint stores, before anything is made of its sizes: every tensor is there as asked for, and none is
/// left over.
/// </summary>
internal static partial class TensorCheck
{
    private const int Named = 4;

    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="model">What its config.json describes.</param>
    /// <param name="variants">Models of a config.json that differs in one key, with that key as it would have to be.</param>
    /// <exception cref="CheckpointException">They do not fit each other; the message names the tensors and the key.</exception>
    public static void Require(Checkpoint checkpoint, Model model, IEnumerable<(string Change, Model Model)> variants)
    {
        var weights = model.Layers.SelectMany(l => l.Weights).ToList();
        var (missing, unused) = Misfits(checkpoint, model);
        if (missing.Count + unused.Count > 0)
        {
            var hint = unused.Exists(IsOfAdapter)
                ? "They belong to an adapter (LoRA), which is not applied: merge it into the model (PEFT's merge_and_unload), and name the folder of the result"
                : Hint(missing.Count + unused.Count, variants.Select(v => (v.Change, Misfits(checkpoint, v.Model))));
            throw new CheckpointException($"{checkpoint.Folder}: {Difference(checkpoint, weights, missing, unused)}. {hint}");
        }

        weights.ForEach(checkpoint.Check);
    }

    /// <summary>Whether a tensor may be left out. A head stored beside a model that ties it is the embedding once more, or it would not be tied.</summary>
    public static bool IsHarmless(Checkpoint checkpoint, string name) =>
        name == OuterLayer.Head || Leftover().IsMatch(name) || (Mask().IsMatch(name) && checkpoint.Shape(name).Count > 1) || checkpoint.IsZeroBias(name);

    private static (List<string> Missing, List<string> Unused) Misfits(Checkpoint checkpoint, Model model)
    {
        var asked = model.Layers.SelectMany(l => l.Weights).Select(w => w.Name).ToHashSet(StringComparer.Ordinal);
        return (
            [.. asked.Where(n => !checkpoint.Contains(n))],
            [.. checkpoint.Names.Where(n => !asked.Contains(n) && !IsHarmless(checkpoint, n)).Order(StringComparer.Ordinal)]);
    }

    private static string Difference(Checkpoint checkpoint, List<WeightSpec> weights, List<string> missing, List<string> unused)
    {
        var notThere = missing.Count == 0 ? null : $"{Count(missing)} that config.json asks for {(missing.Count == 1 ? "is" : "are")} missing: "
            + List(missing, n => weights.First(w => w.Name == n).Shape);
        var leftOver = unused.Count == 0 ? null : $"{Count(unused)} would be left out by config.json, and the tokens would be others: "
            + List(unused, checkpoint.Shape);
        return string.Join("; ", new[] { notThere, leftOver }.OfType<string>());

        static string Count(List<string> names) => names.Count == 1 ? "1 tensor" : $"{names.Count} tensors";

        static string List(List<string> names, Func<string, IReadOnlyList<long>> shape)
        {
            var more = names.Count > Named ? $" and {names.Count - Named} more" : "";
            return string.Join(", ", names.Take(Named).Select(n => $"'{n}' [{string.Join(", ", shape(n))}]")) + more;
        }
    }

    /// <summary>Which key of config.json, changed, would fit all of them, or else more of them.</summary>
    private static string Hint(int misfits, IEnumerable<(string Change, (List<string> Missing, List<string> Unused) Left)> variants)
    {
        var better = variants.Select(v => (v.Change, Left: v.Left.Missing.Count + v.Left.Unused.Count)).Where(v => v.Left < misfits).ToList();
        var whole = better.Where(v => v.Left == 0).ToList();
        return better.Count == 0
            ? "No key of config.json that is read here changes that: config.json is of another checkpoint, or this kind of model is not supported"
            : $"{(whole.Count > 0 ? "All" : "Some")} would fit with "
                + $"{string.Join(", or ", (whole.Count > 0 ? whole : better).Select(v => v.Change))} in config.json";
    }

    private static bool IsOfAdapter(string name) => name.Contains("lora_", StringComparison.Ordinal) || name.Contains(".base_layer.", StringComparison.Ordinal);

    /// <summary>What is computed from config.json anyway, a mark of the file's version, and heads beside the one for the next token.</summary>
    [GeneratedRegex(
        @"(^|\.)(rotary_emb\.\w+|inv_freq|masked_bias|position_ids|_float_tensor|_extra_state|decoder\.version)$"
        + @"|^(model\.)?mtp(_\w+)?\.|^v_head\.")]
    private static partial Regex Leftover();

    /// <summary>A bias has one dimension, a causal mask more.</summary>
    [GeneratedRegex(@"((attn|attention)\.(bias|mask)|(^|\.)causal_mask)$")]
    private static partial Regex Mask();
}
