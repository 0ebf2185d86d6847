namespace FlexGen.Planning;

/// <summary>How the bytes of one kind (weights, KV cache or hidden states) are shared between the tiers.</summary>
/// <param name="Gpu">Per cent on <see cref="Tier.Gpu"/>.</param>
/// <param name="Host">Per cent on <see cref="Tier.Host"/>; the rest is on <see cref="Tier.Disk"/>.</param>
public readonly record struct Placement(double Gpu, double Host)
{
    public static Placement AllGpu { get; } = new(100, 0);

    /// <summary>Per cent on <see cref="Tier.Disk"/>.</summary>
    public double Disk => 100 - Gpu - Host;

    /// <summary>Whether the shares are shares: none below 0, together 100.</summary>
    public bool IsValid => Gpu >= 0 && Host >= 0 && Gpu + Host <= 100;

    /// <summary>The tier whose share the point lies in, when the shares lie one after another on [0, 100).</summary>
    public Tier At(double percent) => percent < Gpu ? Tier.Gpu : percent < Gpu + Host ? Tier.Host : Tier.Disk;

    /// <summary>Splits n things into consecutive parts, GPU first, each as near to its share as whole things allow.</summary>
    public (int Gpu, int Host, int Disk) Split(int n)
    {
        var gpu = (int)Math.Round(n * Gpu / 100);
        var host = (int)Math.Round(n * (Gpu + Host) / 100) - gpu;
        return (gpu, host, n - gpu - host);
    }

    public override string ToString() => $"{Gpu:0.#}/{Host:0.#}/{Disk:0.#}";
}
