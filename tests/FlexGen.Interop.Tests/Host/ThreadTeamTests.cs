namespace FlexGen.Interop.Tests.Host;

public class ThreadTeamTests
{
    private static readonly ThreadTeam[] teams =
    [
        new("test", 3),
        new("patient", 2, TimeSpan.FromMicroseconds(100)),
        new("helped", 1, TimeSpan.FromMicroseconds(100), callerHelps: true),
        new("nobody", 0, callerHelps: true),
    ];

    public static TheoryData<int> Teams => [.. Enumerable.Range(0, 4)];

    [Theory]
    [MemberData(nameof(Teams))]
    public async Task Jobs_of_several_callers_have_each_of_their_items_computed_once(int team)
    {
        var callers = Enumerable.Range(0, 4).Select(caller => Task.Run(() =>
        {
            for (var n = 0; n < 500; n++)
            {
                var calls = new int[(n * (caller + 1) % 37) + 1];
                teams[team].Run(calls.Length, item => Interlocked.Increment(ref calls[item]));
                Assert.All(calls, c => Assert.Equal(1, c));
            }
        }));
        await Task.WhenAll(callers);
    }

    [Theory]
    [MemberData(nameof(Teams))]
    public void The_caller_gets_what_an_item_threw_after_the_others_have_ended(int team)
    {
        var ended = 0;
        var exception = Record.Exception(() => teams[team].Run(20, item =>
        {
            if (item == 3)
            {
                throw new InvalidOperationException("item 3");
            }

            Interlocked.Increment(ref ended);
        }));
        Assert.Equal(("item 3", 19), (exception?.Message, ended));
    }

    [Fact]
    public void A_caller_that_helps_computes_what_the_threads_do_not()
    {
        var callers = new HashSet<int>();
        teams[2].Run(1, _ => callers.Add(Environment.CurrentManagedThreadId));
        teams[3].Run(9, _ => callers.Add(Environment.CurrentManagedThreadId));
        Assert.Equal([Environment.CurrentManagedThreadId], callers);
    }
}
