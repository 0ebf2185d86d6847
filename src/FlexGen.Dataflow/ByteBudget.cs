namespace FlexGen.Dataflow;

/// <summary>How many bytes may be on their way at once; whatever takes more than all of them goes alone. Taken by one, given back by any.</summary>
internal sealed class ByteBudget(long most)
{
    private readonly Lock gate = new();
    private TaskCompletionSource returned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long taken;

    /// <summary>Takes bytes; waits while there is no room for them.</summary>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (gate)
            {
                if (taken == 0 || taken + bytes <= most)
                {
                    taken += bytes;
                    return;
                }

                room = returned.Task;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(long bytes)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            taken -= bytes;
            waiting = returned;
            returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiting.TrySetResult();
    }
}
