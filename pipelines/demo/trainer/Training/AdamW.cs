using FlexGen.Demo.Network;
using static TorchSharp.torch;

namespace FlexGen.Demo.Training;

/// <summary>AdamW (Loshchilov and Hutter, arXiv 1711.05101) with gradient clipping, over all weights as one tensor.</summary>
internal sealed class AdamW
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.98;
    private const double Epsilon = 1e-8;
    private const double WeightDecay = 0.05;
    private const double LargestNorm = 1.0;

    private readonly DemoModel model;
    private readonly Tensor first;
    private readonly Tensor second;
    private readonly Tensor decayed;
    private int step;

    public AdamW(DemoModel model)
    {
        this.model = model;
        first = zeros_like(model.Flat);
        second = zeros_like(model.Flat);
        using var scope = NewDisposeScope();
        decayed = cat([.. model.Weights.Select(w => full(w.numel(), w.dim() == 2 ? 1f : 0f, device: model.Device))]).MoveToOuterDisposeScope();
    }

    /// <summary>Descends from a loss.</summary>
    public void Step(Tensor loss, double learningRate)
    {
        using var scope = NewDisposeScope();
        var gradients = autograd.grad([loss], [.. model.Weights]);
        using var noGradient = no_grad();
        var gradient = cat([.. gradients.Select(g => g.reshape(-1))]);
        gradient.mul_((LargestNorm / (gradient.norm() + 1e-6)).clamp_max(1));
        step++;
        first.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
        second.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
        var scale = (second / (1 - Math.Pow(Beta2, step))).sqrt_().add_(Epsilon);
        model.Flat.addcmul_(model.Flat, decayed, -learningRate * WeightDecay);
        model.Flat.addcdiv_(first, scale, -learningRate / (1 - Math.Pow(Beta1, step)));
    }
}
