using FlexGen.Engine.Memory;
using FlexGen.Interop;

namespace FlexGen.Engine.Profiling;

/// <summary>A thread that does the same again and again, beside others, and counts how far it has come.</summary>
internal sealed class Traffic : IDisposable
{
    private const int Windows = 3;
    private readonly Thread thread;
    private readonly Lock counting = new();
    private volatile bool stopping;
    private volatile Exception? failure;
    private (double Amount, long At) state;

    /// <param name="gpu">The GPU's index; null without one.</param>
    /// <param name="piece">Does a piece of the work, a number that rises, and says how much that was.</param>
    public Traffic(int? gpu, Func<Copier, int, double> piece)
    {
        thread = new(() => Run(gpu, piece)) { IsBackground = true, Name = "traffic" };
        thread.Start();
    }

    /// <summary>What one does in a second: the best of some windows, since others may use the machine, too.</summary>
    /// <param name="seconds">How long is looked at; longer where that is less than a piece.</param>
    /// <param name="alone">It, which ends then.</param>
    public static double Rate(double seconds, Traffic alone) => Rates(seconds / Windows, Windows, alone).Max(w => w[0]);

    /// <summary>What several do in a second while all of them are at it.</summary>
    /// <param name="seconds">As for one.</param>
    /// <param name="all">All of them, which end then.</param>
    public static double[] Rates(double seconds, params Traffic[] all) => Rates(seconds, 1, all)[0];

    private static List<double[]> Rates(double seconds, int windows, params Traffic[] all)
    {
        try
        {
            var (rates, before) = (new List<double[]>(), Array.ConvertAll(all, t => t.Next(default)));
            for (var window = 0; window < windows; window++)
            {
                Thread.Sleep(TimeSpan.FromSeconds(seconds));
                var after = all.Select((t, n) => t.Next(before[n])).ToArray();
                rates.Add([.. after.Zip(before, (b, a) => (b.Amount - a.Amount) / TimeProvider.System.GetElapsedTime(a.At, b.At).TotalSeconds)]);
                before = after;
            }

            return rates;
        }
        finally
        {
            Array.ForEach(all, t => t.stopping = true);
            Array.ForEach(all, t => t.Dispose());
        }
    }

    public void Dispose()
    {
        stopping = true;
        thread.Join();
    }

    /// <summary>How far it is once it is past a point.</summary>
    private (double Amount, long At) Next((double Amount, long At) point)
    {
        while (Read() is var now)
        {
            if (failure is { } exception)
            {
                throw new IOException(exception.Message, exception);
            }

            if (now.Amount > point.Amount)
            {
                return now;
            }

            Thread.Sleep(1);
        }

        return point;
    }

    private (double Amount, long At) Read()
    {
        lock (counting)
        {
            return state;
        }
    }

    private void Run(int? gpu, Func<Copier, int, double> piece)
    {
        try
        {
            if (gpu is { } index)
            {
                CudaDriver.Use(index);
            }

            using var stream = gpu is null ? null : new CudaStream();
            var copier = new Copier(stream);
            for (var n = 0; !stopping; n++)
            {
                var amount = piece(copier, n);
                copier.Flush();
                lock (counting)
                {
                    state = (state.Amount + amount, TimeProvider.System.GetTimestamp());
                }
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }
    }
}
