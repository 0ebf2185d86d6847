namespace FlexGen.Demo.Training;

/// <summary>The loss (mean since the point before, nats per token) and the share of unseen records done exactly right, after a step.</summary>
internal sealed record TrainingPoint(int Step, double Seconds, double Loss, double ExactMatch);
