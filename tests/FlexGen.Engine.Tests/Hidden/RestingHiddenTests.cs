using FlexGen.Engine.Hidden;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Models;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Hidden;

public class RestingHiddenTests
{
    private const int Count = 6, Width = 1000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hidden_states_at_rest_are_not_on_the_compute_device_and_come_back(bool onDisk)
    {
        const int Bytes = 40960;
        using var file = onDisk ? new DirectFile(Path.GetTempPath(), Count * Bytes) : null;
        var shape = PublishedShapes.Create("opt-125m").Shape;
        var lanes = new HiddenLanes(new(shape, ElementFormat.F32, new(1, 1, 16) { Hidden = new(0, onDisk ? 0 : 100) }), new Tiers(CPU, Path.GetTempPath()));
        var resting = Enumerable.Range(0, Count).Select(n => new RestingHidden(Place(n))).ToArray();
        for (var layer = 0; layer < 3; layer++)
        {
            var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            for (var n = 0; n < Count; n++)
            {
                resting[n].Store(full([3 + n, Width], (layer * Count) + n, ScalarType.Float32), lanes);
            }

            Assert.InRange(TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount - before, 0, StoreQueue.Most);
            for (var n = 0; n < Count; n++)
            {
                resting[n].Load(lanes);
                using var hidden = resting[n].Take(lanes);
                Assert.Null(resting[n].Take(lanes));
                Assert.Equal([3 + n, Width], hidden!.shape);
                Assert.All(hidden.data<float>().ToArray(), x => Assert.Equal((layer * Count) + n, x));
            }
        }

        lanes.Dispose();
        Array.ForEach(resting, r => r.Dispose());

        RestingPlace Place(int n) => file is null ? new(Bytes, pinned: false) : new(file, n * Bytes, Bytes);
    }
}
