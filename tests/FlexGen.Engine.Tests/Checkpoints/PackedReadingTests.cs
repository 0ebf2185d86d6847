using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Tests.Quantization;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Checkpoints;

/// <summary>Weights that become packed as they are read.</summary>
public sealed class PackedReadingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(ScalarType.Float32, 100, 200, 64)]
    [InlineData(ScalarType.Float16, 7, 8, 32)]
    [InlineData(ScalarType.BFloat16, 64, 96, 32)]
    [InlineData(ScalarType.Float64, 33, 130, 128)]
    [InlineData(ScalarType.Float16, 2000, 600, 64)]
    public void What_is_read_in_any_pieces_is_what_the_rows_pack_to(ScalarType stored, int rows, int columns, int group)
    {
        var (spec, shape) = (new WeightSpec("w", [rows, columns], 0, IsLinear: true), new PackedShape(rows, columns, group));
        float[] numbers;
        using (var scope = NewDisposeScope())
        {
            var weight = (randn(rows, columns, generator: new Generator(5)) * 0.1).to(stored);
            numbers = weight.to(ScalarType.Float32).data<float>().ToArray();
            Write(weight);
        }

        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Null(checkpoint.PackedGroup(spec));
        var whole = Reading.Packed(checkpoint, spec, shape);
        Assert.Equal(Int4QuantizerTests.Pack(numbers, shape), whole);
        Assert.Equal(whole, Reading.PackedInPieces(checkpoint, spec, shape));
    }

    [Theory]
    [InlineData(64, 640, 64)]
    [InlineData(37, 100, 32)]
    [InlineData(4000, 3001, 128)]
    public void Random_weights_in_any_pieces_are_the_same_and_have_nothing_beyond_their_rows_and_columns(int rows, int columns, int group)
    {
        using var source = new DummyWeights();
        var shape = new PackedShape(rows, columns, group);
        WeightSpec one = new("a", [rows, columns], 0, IsLinear: true), other = new("b", [rows, columns], 1, IsLinear: true);
        var whole = Reading.Packed(source, one, shape);
        Assert.NotEqual(whole, Reading.Packed(source, other, shape));
        Assert.Equal(whole, Reading.PackedInPieces(source, one, shape));
        double squares = 0;
        for (var row = 0; row < shape.Tiles * 16; row += 3)
        {
            for (var column = 0; column < shape.Groups * group; column += 7)
            {
                var (scale, zero, number) = PackedNumbers.At(whole, shape, row, column);
                Assert.True(row < rows ? scale > 0 && (column < columns || number == 0) : (scale, zero, number) == default);
                squares += column < columns ? Math.Pow(scale * (number - zero), 2) : 0;
            }
        }

        Assert.Equal(0.02, Math.Sqrt(squares * 21 / (rows * columns)), 0.004);
    }

    [Theory]
    [InlineData(ScalarType.Float16, double.NaN, "NaN")]
    [InlineData(ScalarType.BFloat16, double.NegativeInfinity, "minus infinity")]
    [InlineData(ScalarType.Float32, double.PositiveInfinity, "infinity")]
    [InlineData(ScalarType.Float64, 1e300, "infinity")]
    public void A_number_that_is_none_is_refused_with_its_place_the_first_of_all(ScalarType type, double wrong, string name)
    {
        using (var scope = NewDisposeScope())
        {
            var weight = zeros(3000, 500, type);
            foreach (var (row, column) in ((long, long)[])[(1234, 321), (1234, 322), (1240, 0), (2999, 499)])
            {
                weight[row, column] = wrong;
            }

            Write(weight);
        }

        using var checkpoint = Checkpoint.Open(folder.Path);
        var shape = new PackedShape(3000, 500, 64);
        var message = Assert.Throws<CheckpointException>(() => Reading.Packed(checkpoint, new("w", [3000, 500], 0, IsLinear: true), shape)).Message;
        Assert.Equal($"{folder.File("model.safetensors")}: tensor 'w' cannot be kept in 4 bits: row 1234, column 321 is {name}", message);
    }

    private void Write(Tensor weight)
    {
        SafetensorsWriter.Write(folder.File("model.safetensors"), [KeyValuePair.Create("w", weight)]);
        File.WriteAllText(folder.File("config.json"), "{}");
    }
}
