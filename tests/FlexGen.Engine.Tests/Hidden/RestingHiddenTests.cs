using FlexGen.Engine.Hidden;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
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
        // Less than a micro-batch has, so that it goes in pieces.
        using var loadStaging = new HostMemory(2 * DirectFile.Alignment, pinned: false);
        using var storeStaging = new HostMemory(DirectFile.Alignment, pinned: false);
        using var loads = new Lane("loads", gpu: null, trace: null);
        var stores = new Lane("stores", gpu: null, trace: null);
        using var queue = new StoreQueue(stores);
        var resting = Enumerable.Range(0, Count)
            .Select(n => new RestingHidden(Place(n), CPU, loads, queue, null, (loadStaging, storeStaging))).ToArray();
        for (var layer = 0; layer < 3; layer++)
        {
            var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            for (var n = 0; n < Count; n++)
            {
                resting[n].Store(full([3 + n, Width], (layer * Count) + n, ScalarType.Float32));
            }

            Assert.InRange(TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount - before, 0, StoreQueue.Most);
            for (var n = 0; n < Count; n++)
            {
                resting[n].Load();
                using var hidden = resting[n].Take();
                Assert.Null(resting[n].Take());
                Assert.Equal([3 + n, Width], hidden!.shape);
                Assert.All(hidden.data<float>().ToArray(), x => Assert.Equal((layer * Count) + n, x));
            }
        }

        stores.Dispose();
        Array.ForEach(resting, r => r.Dispose());

        RestingPlace Place(int n) => file is null ? new(Bytes, pinned: false) : new(file, n * Bytes, Bytes);
    }
}
