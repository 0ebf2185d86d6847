using Confluent.Kafka;
using FlexGen.Testing.Kafka;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>One broker for all tests that only need one: the one that <c>FLEXGEN_KAFKA</c> names, or one of their own.</summary>
public sealed class KafkaFixture : IAsyncLifetime
{
    private KafkaCluster? cluster;
    private ClientConfig? client;

    /// <summary>How to connect; skips the test where there is no broker.</summary>
    internal ClientConfig Client
    {
        get
        {
            Assert.SkipWhen(client is null, KafkaScript.Unavailable ?? "NOT TESTED: no broker");
            return client!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("FLEXGEN_KAFKA") is { Length: > 0 } servers)
        {
            client = new ClientConfig { BootstrapServers = servers };
        }
        else if (KafkaScript.Unavailable is null)
        {
            cluster = await KafkaCluster.StartAsync();
            client = cluster.Client;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }
    }
}
