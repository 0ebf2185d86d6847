using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;

namespace FlexGen.Dataflow.Tests.Kafka;

public sealed class KafkaClientsTests : IDisposable
{
    private const string Variable = "FLEXGEN_KAFKA_CLIENTS_TESTS";
    private readonly string file = Path.GetTempFileName();

    [Fact]
    public void Given_a_variable_and_a_file_when_made_then_the_settings_have_what_they_hold()
    {
        Environment.SetEnvironmentVariable(Variable, "from-the-environment");
        File.WriteAllText(file, "from-the-file\n");
        var settings = Settings(("sasl.password", $"${{{Variable}}}"), ("ssl.key.password", $"file:{file}"), ("sasl.username", "worker"));
        Assert.Equal(("from-the-environment", "from-the-file", "worker"), (settings["sasl.password"], settings["ssl.key.password"], settings["sasl.username"]));
    }

    [Fact]
    public void Given_what_is_not_there_when_made_then_the_error_names_the_property_and_the_variable_or_file()
    {
        Environment.SetEnvironmentVariable(Variable, null);
        var variable = Assert.Throws<PipelineDefinitionException>(() => Settings(("sasl.password", $"${{{Variable}}}")));
        Assert.Equal($"source.kafka.properties.sasl.password: the environment variable {Variable} is not set.", variable.Message);
        var missing = Assert.Throws<PipelineException>(() => Settings(("sasl.password", "file:/no/such/secret")));
        Assert.StartsWith("source.kafka.properties.sasl.password: cannot read the file that it names: ", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no.such.property.at.all")]
    [InlineData("security.protocol")]
    [InlineData("ssl.ca.location")]
    [InlineData("socket.timeout.ms")]
    [InlineData("sasl.oauthbearer.config")]
    [InlineData("dotnet.cancellation.delay.max.ms")]
    public void Given_a_secret_where_the_client_does_not_want_it_when_built_then_the_error_shows_what_it_was_named_by(string property)
    {
        const string Secret = "hunter2-of-the-environment";
        Environment.SetEnvironmentVariable(Variable, Secret);
        var settings = Settings((property, $"${{{Variable}}}"));
        if (property.StartsWith("sasl", StringComparison.Ordinal))
        {
            (settings["security.protocol"], settings["sasl.mechanism"], settings["enable.sasl.oauthbearer.unsecure.jwt"]) = ("sasl_plaintext", "OAUTHBEARER", "true");
        }

        settings["group.id"] = "g";
        var lines = new List<string>();
        var message = "";
        try
        {
            using var consumer = KafkaClients.Build(() => new ConsumerBuilder<byte[], byte[]>(settings)
                .SetLogHandler((_, line) => lines.Add(Secrets.Hide(line.Message))).SetErrorHandler((_, error) => lines.Add(Secrets.Hide(error.Reason))).Build(), "source.kafka");
            consumer.Subscribe("t");
            consumer.Consume(TimeSpan.FromMilliseconds(300));
        }
        catch (PipelineException e)
        {
            message = e.Message;
            Assert.StartsWith("source.kafka.properties: ", message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(lines.Append(message), text => text.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void Given_a_word_of_a_secret_in_a_text_when_hidden_then_what_it_was_named_by_is_there()
    {
        Secrets.Add("first-half second-half\nthird-half", "file:/secret");
        Assert.Equal("it ends with file:/secret, or file:/secret", Secrets.Hide("it ends with third-half, or first-half second-half\nthird-half"));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, null);
        File.Delete(file);
    }

    private static Dictionary<string, string> Settings(params (string Name, string Value)[] properties)
    {
        var options = new KafkaSourceOptions { BootstrapServers = "b1:9092" };
        foreach (var (name, value) in properties)
        {
            options.Properties[name] = value;
        }

        return KafkaClients.Settings(options, "source.kafka");
    }
}
