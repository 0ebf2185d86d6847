using FlexGen.Testing.Kafka;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>One secure broker; always our own, since rights are granted as its administrator.</summary>
public sealed class SecureKafkaFixture : IAsyncLifetime
{
    private KafkaCluster? cluster;

    /// <summary>Skips the test where no broker can be started.</summary>
    internal KafkaCluster Cluster
    {
        get
        {
            Assert.SkipWhen(cluster is null, KafkaScript.Unavailable ?? "NOT TESTED: no broker");
            return cluster!;
        }
    }

    public async ValueTask InitializeAsync() => cluster = KafkaScript.Unavailable is null ? await KafkaCluster.StartAsync(secure: true) : null;

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }
    }
}
