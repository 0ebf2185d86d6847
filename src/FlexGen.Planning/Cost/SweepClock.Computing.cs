using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Cost;

/// <content>What is computed, by the device and beside it.</content>
internal sealed partial class SweepClock
{
    /// <summary>Of several devices each has those of its layers that follow each other recorded.</summary>
    private void Launch(Verb verb, int layer, int k, MicroBatchLoad of)
    {
        if (verb != Verb.Project || (layer > 0 && !plan.Map.Leaves(layer - 1)))
        {
            return;
        }

        var end = plan.Map.RunEnd(layer) - 1;
        var seconds = 0.0;
        for (var recorded = layer; recorded <= end; recorded++)
        {
            seconds += costs.Recorded(recorded, of);
        }

        Take(Resource.Engine, Now, LaunchSeconds, layer, k);
        Compute(layer > 0 ? handedOver[k] : 0, seconds, layer, k);
        if (end + 1 < layers.Length)
        {
            HandOver(of.Costs!.HiddenBytes, k);
        }
    }

    private void Project(int layer, int k, MicroBatchLoad of)
    {
        Issue(IssueProject, layer, k);
        var ready = Math.Max(layers[layer].ImageBytes > 0 ? weightsThere[layer] : 0, IsLeaving(k) ? hiddenThere[k] : 0);
        ready = Math.Max(ready, layer > 0 ? handedOver[k] : 0);
        var moved = layer > 0 && IsLeaving(k) && ByKernel(k, of) ? of.Costs!.HiddenBytes / profile.Links.KernelToGpu : 0;
        Compute(ready, of.Costs!.Project[sorts[layer]] + moved, layer, k);
        if (!isDecoder[layer])
        {
            ReleaseWeights(layer, k);
        }
    }

    private void Attend(int layer, int k, MicroBatchLoad of)
    {
        Issue(IssueAttend, layer, k);
        hostDone[k] = 0;
        var (its, sort) = (of.Costs!, sorts[layer]);
        for (var n = 0; n < shares.Length; n++)
        {
            var load = of.Shares[n];
            if (load.Sequences == 0)
            {
                continue;
            }

            ref readonly var share = ref shares[n];

            if (!share.AttendsOnHost)
            {
                Compute(share.BroughtTo is null ? 0 : Own.CacheThere[n, k], its.Decode[sort, n], layer, k);
                if (share.BroughtTo is not null)
                {
                    Own.CacheLoads[n].Release(free[Resource.Compute, device]);
                }

                continue;
            }

            Ask(layer, k);
            if (isGpu)
            {
                Compute(0, share.AskBytes * load.Sequences / profile.Links.KernelToHost, layer, k);
            }

            var ready = Math.Max(free[Resource.Compute, device], share.BroughtTo is null ? 0 : Own.CacheThere[n, k]);
            var seconds = its.Decode[sort, n] * contention.HostAttention;
            var turn = profile.HostAttention.InTurns;
            var done = isGpu ? Take(Resource.HostAttention, ready, seconds * turn, layer, k) + (seconds * (1 - turn))
                : Take(Resource.Compute, ready, seconds, layer, k);
            hostDone[k] = Math.Max(hostDone[k], done);
            if (share.BroughtTo is not null)
            {
                Own.CacheLoads[n].Release(done);
            }
        }

        if (of.Prompts.Count > 0)
        {
            Take(isGpu ? Resource.Engine : Resource.Compute, Now, its.IssuePrefill[sort], layer, k);
            Meet();
            Compute(0, its.Prefill[sort], layer, k);
        }
    }

    private void Complete(int layer, int k, MicroBatchLoad of)
    {
        if (!isDecoder[layer])
        {
            return;
        }

        // The engine's thread itself waits for the processor's part.
        Wait(hostDone[k]);
        Issue(IssueComplete, layer, k);
        var results = 0.0;
        for (var n = 0; isGpu && n < shares.Length; n++)
        {
            ref readonly var share = ref shares[n];
            results += share.AttendsOnHost ? share.AnswerBytes * of.Shares[n].Sequences / profile.Links.KernelToGpu : 0;
        }

        Compute(hostDone[k], of.Costs!.Complete[sorts[layer]] + results, layer, k);
        ReleaseWeights(layer, k);
    }

    private void Issue(double share, int layer, int k)
    {
        if (isDecoder[layer])
        {
            // A CPU computes in the engine's thread: its small operations are part of what it computes.
            Take(isGpu ? Resource.Engine : Resource.Compute, Now, share * loads[k]!.Costs!.Issue[sorts[layer]], layer, k);
            Meet();
        }
    }

    private void Compute(double ready, double seconds, int layer, int k)
    {
        Take(Resource.Compute, Math.Max(Now, ready), seconds * contention.Compute, layer, k);
        Meet();
    }

    /// <summary>Without a GPU the engine's thread goes on when what it computes is done.</summary>
    private void Meet()
    {
        if (!isGpu)
        {
            Wait(free[Resource.Compute, device]);
        }
    }
}
