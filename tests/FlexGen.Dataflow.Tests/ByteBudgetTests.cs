namespace FlexGen.Dataflow.Tests;

public sealed class ByteBudgetTests
{
    [Fact]
    public async Task Waits_for_room_and_takes_what_is_larger_than_all_of_it_alone()
    {
        var budget = new ByteBudget(100);
        await budget.TakeAsync(60, CancellationToken.None);
        await budget.TakeAsync(40, CancellationToken.None);
        var more = budget.TakeAsync(50, CancellationToken.None).AsTask();
        budget.Return(40);
        Assert.False(more.IsCompleted);
        budget.Return(60);
        await more.WaitAsync(TimeSpan.FromMinutes(1));
        var large = budget.TakeAsync(1000, CancellationToken.None).AsTask();
        Assert.False(large.IsCompleted);
        budget.Return(50);
        await large.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.False(budget.TakeAsync(1, CancellationToken.None).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_wait_can_be_given_up()
    {
        var budget = new ByteBudget(1);
        await budget.TakeAsync(1, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var waiting = budget.TakeAsync(1, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => waiting);
    }
}
