using System.Text;
using FlexGen.Testing.Kafka;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>What the tests against a broker stand on.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class BrokerTests(KafkaFixture kafka)
{
    [Fact]
    public async Task Given_messages_with_keys_when_written_then_the_reader_finds_each_once_and_keys_in_order()
    {
        var topic = (await Topics.CreateAsync(kafka.Client, 4, "broker"))[0];
        Topics.Write(kafka.Client, topic, Enumerable.Range(0, 5000).Select(i => new Confluent.Kafka.Message<byte[]?, byte[]?>
        {
            Key = Encoding.UTF8.GetBytes($"{i % 7}"),
            Value = Encoding.UTF8.GetBytes($"{i}"),
        }));
        var values = Topics.Read(kafka.Client, topic).Select(m => int.Parse(Encoding.UTF8.GetString(m.Message.Value!))).ToList();
        Assert.Equal(Enumerable.Range(0, 5000), values.Order());
        Assert.All(values.GroupBy(v => v % 7), key => Assert.Equal(key.Order(), key));
    }
}
