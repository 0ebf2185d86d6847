namespace FlexGen.Worker.Tests.Kafka;

/// <summary>The tests against a real broker run one after the other: there are few processors, and brokers and workers are many processes.</summary>
[CollectionDefinition(Name)]
public sealed class KafkaCollection : ICollectionFixture<KafkaFixture>
{
    public const string Name = "Kafka";
}
