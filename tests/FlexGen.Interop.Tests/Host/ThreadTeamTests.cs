namespace FlexGen.Interop.Tests.Host;

public class ThreadTeamTests
{
    private static readonly ThreadTeam team = new("test", 3);

    [Fact]
    public async Task Jobs_of_several_callers_have_each_of_their_items_computed_once()
    {
        var callers = Enumerable.Range(0, 4).Select(caller => Task.Run(() =>
        {
            for (var n = 0; n < 500; n++)
            {
                var calls = new int[(n * (caller + 1) % 37) + 1];
                team.Run(calls.Length, item => Interlocked.Increment(ref calls[item]));
                Assert.All(calls, c => Assert.Equal(1, c));
            }
        }));
        await Task.WhenAll(callers);
    }

    [Fact]
    public void The_caller_gets_what_an_item_threw_after_the_others_have_ended()
    {
        var ended = 0;
        var exception = Record.Exception(() => team.Run(20, item =>
        {
            if (item == 3)
            {
                throw new InvalidOperationException("item 3");
            }

            Interlocked.Increment(ref ended);
        }));
        Assert.Equal(("item 3", 19), (exception?.Message, ended));
    }
}
