namespace FlexGen.Planning.Hardware;

/// <summary>A point of a <see cref="Curve"/>.</summary>
public readonly record struct CurvePoint(double X, double Y);
