namespace FlexGen.Demo.Training;

/// <param name="Output">The folder that holds the tokenizer and gets the model.</param>
/// <param name="Steps">After how many steps to stop.</param>
/// <param name="Batch">Records per step.</param>
/// <param name="Seed">Of the weights and the records.</param>
/// <param name="LearningRate">The highest.</param>
/// <param name="Limit">After how much time to stop, if that comes first.</param>
/// <param name="EvaluateEvery">Steps between measurements.</param>
/// <param name="EvaluateCount">Unseen records that one measures.</param>
internal sealed record TrainingOptions(
    string Output, int Steps, int Batch, int Seed, double LearningRate, TimeSpan Limit, int EvaluateEvery, int EvaluateCount);
