using Confluent.Kafka;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>A message and the topic it goes to.</summary>
internal readonly record struct OutgoingMessage(string Topic, Message<byte[], byte[]> Message);
