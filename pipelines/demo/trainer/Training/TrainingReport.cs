namespace FlexGen.Demo.Training;

/// <summary>What training.json tells of how the model beside it was made, as far as the step at which it was saved.</summary>
internal sealed record TrainingReport(
    int Steps, int Batch, int Seed, double Seconds, string Device, long Parameters, double ExactMatch, int ExactMatchRecords,
    IReadOnlyList<TrainingPoint> History);
