using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Cost;

/// <content>Copies between the tiers.</content>
internal sealed partial class SweepClock
{
    private void LoadWeights(int layer, int page, int pages)
    {
        var size = layers[layer].ImageBytes;
        if (size == 0)
        {
            return;
        }

        var start = page == 0 ? 0 : Sector.Align(size * page / pages);
        var end = page == pages - 1 ? size : Sector.Align(size * (page + 1) / pages);
        if (start >= end)
        {
            return;
        }

        Ask(layer, All);
        var ready = Own.Weights.Begin(Now, isNext: page == 0);
        var onHost = Math.Max(0, Math.Min(end, layers[layer].HostBytes) - start);
        weightsThere[layer] = Own.Weights.Lane = Bring(ready, onHost, end - start - onHost, layer, All);
    }

    private void LoadCache(int layer, int k, MicroBatchLoad of)
    {
        for (var n = 0; n < shares.Length; n++)
        {
            ref readonly var share = ref shares[n];
            var load = of.Shares[n];
            if (share.BroughtTo is { } to && load.Sequences > 0)
            {
                Ask(layer, k);
                var bytes = 2.0 * (load.Longest - 1) * share.TokenBytes;
                var ready = Math.Max(Own.CacheLane, Own.CacheLoads[n].Begin(Now, isNext: true));
                Own.CacheThere[n, k] = Own.CacheLane = share.Home == Tier.Host ? Bring(ready, bytes, 0, layer, k)
                    : to == Tier.Gpu ? Bring(ready, 0, bytes, layer, k)
                    : Take(Resource.DiskReads, ready, bytes / profile.Links.DiskRead.Alone, layer, k);
            }
        }
    }

    private void LoadHidden(int k, MicroBatchLoad of)
    {
        if (IsLeaving(k) && !ByKernel(k, of))
        {
            var (bytes, disk) = (of.Costs!.HiddenBytes, hidden[k] == Tier.Disk);
            var ready = Math.Max(Own.HiddenLoads.Begin(Now, isNext: false), hiddenHome[k]);
            hiddenThere[k] = Own.HiddenLoads.Lane = Bring(ready, disk ? 0 : bytes, disk ? bytes : 0, -1, k);
        }
    }

    private void StoreHidden(int layer, int k, MicroBatchLoad of)
    {
        var bytes = of.Costs!.HiddenBytes;
        if (!IsLeaving(k))
        {
            if (isGpu && plan.Map.Leaves(layer))
            {
                HandOver(bytes, k);
            }

            return;
        }

        if (ByKernel(k, of))
        {
            Compute(0, bytes / profile.Links.KernelToHost, layer, k);
            handedOver[k] = free[Resource.Compute, device];
            return;
        }

        Wait(Own.HiddenStores.Oldest());
        var disk = hidden[k] == Tier.Disk;
        hiddenHome[k] = Home(Own.HiddenStores, bytes, disk, amongOthers: false, layer, k);
    }

    /// <summary>The device that gives hidden states to the next copies them in a stream of its own, behind what they were computed in.</summary>
    private void HandOver(double bytes, int k)
    {
        var (group, links) = (profile.Devices!, profile.Links);
        var seconds = group.HandOverRate > 0 ? bytes / group.HandOverRate : (bytes / links.GpuToHost.Alone) + (bytes / links.HostToGpu.Alone);
        handedOver[k] = Own.HandOvers.Lane = Math.Max(Own.HandOvers.Lane, free[Resource.Compute, device]) + group.HandOverSeconds + seconds;
    }

    private void StoreCache(int layer, int k, MicroBatchLoad of)
    {
        for (var n = 0; n < shares.Length; n++)
        {
            ref readonly var share = ref shares[n];
            var load = of.Shares[n];
            var decodes = share.AttendsOnHost && share.Home == Tier.Host ? 0 : load.Sequences;
            if (share.Home != Tier.Gpu && load.PromptTokens + decodes > 0)
            {
                Ask(layer, k);
                Wait(Own.CacheStores.Oldest());
                Home(Own.CacheStores, costs.CacheBytes(load.PromptTokens + decodes), share.Home == Tier.Disk, load.Prompts < share.Slots, layer, k);
            }
        }
    }

    private double Home(LaneClock lane, double bytes, bool disk, bool amongOthers, int layer, int k)
    {
        var rates = profile.Links.GpuToHost;
        Moved += bytes;
        var there = Take(Resource.ToHost, Math.Max(lane.Lane, free[Resource.Compute, device]), rates.LatencySeconds + (bytes / rates.Alone), layer, k);
        lane.Lane = disk ? ToDisk(bytes, there, amongOthers, layer, k) : there;
        lane.Stored(lane.Lane);
        return lane.Lane;
    }

    /// <summary>Where rows have their places among those of other slots, what is around them in a sector is read before they are written.</summary>
    private double ToDisk(double bytes, double ready, bool amongOthers, int layer, int k)
    {
        if (!amongOthers)
        {
            return Take(Resource.DiskWrites, ready, bytes / profile.Links.DiskWrite.Alone, layer, k);
        }

        var read = Take(Resource.DiskReads, ready, bytes / profile.Links.DiskRead.BesideOther, layer, k);
        return Take(Resource.DiskWrites, read, bytes / profile.Links.DiskWrite.BesideOther, layer, k);
    }

    /// <summary>Brings bytes to the compute device; when they are there.</summary>
    private double Bring(double ready, double onHost, double onDisk, int layer, int k)
    {
        var rates = profile.Links.HostToGpu;
        Moved += onHost + onDisk;
        if (onHost > 0)
        {
            ready = Take(Resource.ToGpu, ready, rates.LatencySeconds + (onHost / rates.Alone * contention.Link), layer, k);
        }

        if (onDisk > 0)
        {
            ready = Take(Resource.DiskReads, ready, onDisk / profile.Links.DiskToGpu.Alone, layer, k);
            Busy[Resource.ToGpu, device] += isGpu ? onDisk / rates.Alone : 0;
        }

        return ready;
    }

    /// <summary>The engine's thread asks a lane for a copy, or for attention.</summary>
    private void Ask(int layer, int k) => Take(Resource.Engine, Now, profile.Compute.Sweep.CopySeconds, layer, k);
}
