using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka;

/// <summary>
/// Where librdkafka's errors and log lines become this process's. While brokers are away errors come several times a second: the first
/// of a kind is reported, then one a minute with how many were left out, and when the brokers answer again. Safe for several threads.
/// </summary>
/// <param name="client">The end of the pipeline that the client is for.</param>
/// <param name="log">Where to report.</param>
/// <param name="time">The clock.</param>
internal sealed class ClientLog(string client, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan period = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private readonly Dictionary<ErrorCode, Reports> reports = [];
    private bool isReported;
    private volatile bool isFailing;

    public ClientLog(string client, ILogger log)
        : this(client, log, TimeProvider.System)
    {
    }

    /// <summary>Whether an error came since the brokers last answered.</summary>
    public bool IsFailing => isFailing;

    /// <summary>Takes an error of the client's.</summary>
    public void Add(Error error)
    {
        lock (gate)
        {
            isFailing = true;
            var known = reports.TryGetValue(error.Code, out var found);
            if (known && time.GetElapsedTime(found.LastAt) < period)
            {
                reports[error.Code] = found with { LeftOut = found.LeftOut + 1 };
                return;
            }

            isReported = true;
            reports[error.Code] = new Reports(time.GetTimestamp(), 0);
            if (found.LeftOut == 0)
            {
                Log.ClientError(log, client, error.Reason);
            }
            else
            {
                Log.ClientErrorAgain(log, client, error.Reason, found.LeftOut);
            }
        }
    }

    /// <summary>Takes a line of librdkafka's own log.</summary>
    public void Add(LogMessage line) => Log.Client(log, line.Message);

    /// <summary>Learns that the brokers answered.</summary>
    public void Answered()
    {
        if (!isFailing)
        {
            return;
        }

        lock (gate)
        {
            isFailing = false;
            if (isReported)
            {
                isReported = false;
                Log.ClientAnswered(log, client);
            }
        }
    }

    private readonly record struct Reports(long LastAt, long LeftOut);
}
