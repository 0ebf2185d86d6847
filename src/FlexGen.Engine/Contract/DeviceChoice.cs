using FlexGen.Planning.Cost;

namespace FlexGen.Engine;

/// <summary>On how many of a machine's GPUs a model runs where no one has said: on the first, or on all.</summary>
/// <param name="All">How many there are that are alike.</param>
/// <param name="OnOne">What the first alone is predicted to take; null: it does not fit there.</param>
/// <param name="OnAll">What all of them are; null: it does not fit.</param>
public sealed record DeviceChoice(int All, Prediction? OnOne, Prediction? OnAll)
{
    /// <summary>How many times as many tokens per second all must give: others may have a use for a GPU, and a prediction is as good as that.</summary>
    public const double Worth = 1.1;

    /// <summary>How many compute.</summary>
    public int Count => OnAll is not null && (OnOne is null || OnAll.TokensPerSecond >= Worth * OnOne.TokensPerSecond) ? All : 1;

    /// <summary>What they are predicted to take.</summary>
    public Prediction Chosen => (Count > 1 ? OnAll : OnOne)!;

    /// <summary>Predicts both.</summary>
    /// <param name="all">How many GPUs there are.</param>
    /// <param name="predict">What so many take.</param>
    /// <exception cref="EngineException">Neither fits; the refusal is that of all.</exception>
    public static DeviceChoice Of(int all, Func<int, Prediction> predict)
    {
        var (one, _) = Try(1);
        var (several, refusal) = Try(all);
        return one is null && refusal is not null ? throw refusal : new(all, one, several);

        (Prediction? Prediction, EngineException? Refusal) Try(int count)
        {
            try
            {
                return (predict(count), null);
            }
            catch (EngineException exception)
            {
                return (null, exception);
            }
        }
    }
}
