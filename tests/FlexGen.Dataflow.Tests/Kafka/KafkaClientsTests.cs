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
        var variable = Assert.Throws<PipelineException>(() => Settings(("sasl.password", $"${{{Variable}}}")));
        Assert.Equal($"source.kafka.properties.sasl.password: the environment variable {Variable} is not set.", variable.Message);
        var missing = Assert.Throws<PipelineException>(() => Settings(("sasl.password", "file:/no/such/secret")));
        Assert.StartsWith("source.kafka.properties.sasl.password: cannot read the file that it names: ", missing.Message, StringComparison.Ordinal);
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
