using Confluent.Kafka.Admin;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>A cluster with TLS, passwords and access control, where the user <c>worker</c> may do what a test grants.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class SecureTests(SecureKafkaFixture kafka) : IClassFixture<SecureKafkaFixture>
{
    private const string Password = "worker-secret";

    // librdkafka's RD_KAFKA_RESOURCE_TRANSACTIONAL_ID, which the client's enumeration lacks.
    private const ResourceType TransactionalId = (ResourceType)5;

    [Fact]
    public async Task Given_every_right_when_run_then_it_works_and_the_password_shows_nowhere()
    {
        using var workspace = await CreateAsync();
        await GrantAsync(workspace, read: true, write: true, transact: true);
        workspace.AskIds(0, 100);
        var result = (await workspace.RunAsync("--verbose")).Expect(0);
        workspace.ExpectEachIdOnce(100);
        Assert.DoesNotContain(Password, result.Error + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_a_wrong_password_when_run_then_the_error_says_so()
    {
        using var workspace = await CreateAsync(password: "wrong-secret");
        var result = (await workspace.RunAsync()).Expect(1);
        var error = OutageTests.ErrorLine(result);
        Assert.Contains("sasl.password", error, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-secret", result.Error + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_no_right_to_read_when_run_then_the_error_names_topic_and_right()
    {
        using var workspace = await CreateAsync();
        await GrantAsync(workspace, read: false, write: true, transact: true);
        var error = OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1));
        Assert.Contains(workspace.Requests, error, StringComparison.Ordinal);
        Assert.Contains("Read", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_the_right_to_describe_only_when_run_then_the_error_names_topic_and_right()
    {
        using var workspace = await CreateAsync();
        await GrantAsync(workspace, read: false, write: true, transact: true);
        await kafka.Cluster.GrantAsync(ResourceType.Topic, workspace.Requests, AclOperation.Describe);
        workspace.AskIds(0, 10);
        var error = OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1));
        Assert.Contains(workspace.Requests, error, StringComparison.Ordinal);
        Assert.Contains("Read", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_no_right_to_write_when_run_then_the_error_names_topic_and_right()
    {
        using var workspace = await CreateAsync();
        await GrantAsync(workspace, read: true, write: false, transact: true);
        await kafka.Cluster.GrantAsync(ResourceType.Topic, workspace.Results, AclOperation.Describe);
        await kafka.Cluster.GrantAsync(ResourceType.Topic, workspace.Dead, AclOperation.Describe);
        workspace.AskIds(0, 10);
        var error = OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1));
        Assert.Contains(workspace.Results, error, StringComparison.Ordinal);
        Assert.Contains("Write", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_no_right_to_the_transactional_id_when_run_then_the_error_names_id_and_right()
    {
        using var workspace = await CreateAsync();
        await GrantAsync(workspace, read: true, write: true, transact: false);
        workspace.AskIds(0, 10);
        var error = OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1));
        Assert.Contains("transactional id", error, StringComparison.Ordinal);
        Assert.Contains("Write", error, StringComparison.Ordinal);
    }

    private async Task<KafkaWorkspace> CreateAsync(string password = Password)
    {
        var client = kafka.Cluster.Client;
        var workspace = await KafkaWorkspace.CreateAsync(client, 1);
        workspace.Properties.Add("security.protocol", "SASL_SSL");
        workspace.Properties.Add("sasl.mechanism", "PLAIN");
        workspace.Properties.Add("sasl.username", "worker");
        // As a secret is given in earnest: by a file.
        await File.WriteAllTextAsync(workspace.At("password"), password);
        workspace.Properties.Add("sasl.password", $"file:{workspace.At("password")}");
        workspace.Properties.Add("ssl.ca.location", kafka.Cluster.AuthorityFile);
        workspace.WritePipeline();
        return workspace;
    }

    private async Task GrantAsync(KafkaWorkspace workspace, bool read, bool write, bool transact)
    {
        await kafka.Cluster.GrantAsync(ResourceType.Group, workspace.Requests, AclOperation.Read);
        if (read)
        {
            await kafka.Cluster.GrantAsync(ResourceType.Topic, workspace.Requests, AclOperation.Read, AclOperation.Describe);
        }

        foreach (var topic in write ? new[] { workspace.Results, workspace.Dead } : [])
        {
            await kafka.Cluster.GrantAsync(ResourceType.Topic, topic, AclOperation.Write, AclOperation.Describe);
        }

        if (transact)
        {
            await kafka.Cluster.GrantAsync(TransactionalId, workspace.Requests, AclOperation.Write, AclOperation.Describe);
        }
    }
}
