using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FlexGen.Testing.Kafka;

/// <summary>Brokers of their own for one test class or run: on free ports, in a temporary folder; gone when this is disposed or its process ends.</summary>
internal sealed class KafkaCluster : IAsyncDisposable
{
    private const int Attempts = 5;
    private readonly string folder;
    private readonly Process guard;

    private KafkaCluster(string folder, string servers, bool secure, Process guard)
    {
        this.folder = folder;
        this.guard = guard;
        Servers = servers;
        Client = secure ? SecureClient("admin", "admin-secret") : new ClientConfig { BootstrapServers = servers };
    }

    public string Servers { get; }

    /// <summary>How an administrator connects.</summary>
    public ClientConfig Client { get; }

    /// <summary>The certificate authority of a secure cluster.</summary>
    public string AuthorityFile => Path.Combine(folder, "ca.pem");

    /// <param name="nodes">One, or three for topics that survive the loss of one.</param>
    /// <param name="secure">TLS, SASL PLAIN and access control: the users <c>admin</c> and <c>worker</c>, the latter without any right.</param>
    public static async Task<KafkaCluster> StartAsync(int nodes = 1, bool secure = false)
    {
        for (var attempt = 1; ; attempt++)
        {
            var folder = Directory.CreateTempSubdirectory("flexgen-kafka-").FullName;
            var guard = KafkaScript.StartGuard(folder);
            try
            {
                string[] options = ["--nodes", $"{nodes}", "--port", $"{FreePorts(nodes)}", .. secure ? (string[])["--secure"] : []];
                return new KafkaCluster(folder, await KafkaScript.RunAsync(["start", folder, .. options]), secure, guard);
            }
            catch (InvalidOperationException) when (attempt < Attempts)
            {
                // Another process took one of the ports in between.
                await RemoveAsync(folder, guard);
            }
        }
    }

    /// <summary>How a user of a secure cluster connects.</summary>
    public ClientConfig SecureClient(string user, string password) => new()
    {
        BootstrapServers = Servers,
        SecurityProtocol = SecurityProtocol.SaslSsl,
        SaslMechanism = SaslMechanism.Plain,
        SaslUsername = user,
        SaslPassword = password,
        SslCaLocation = AuthorityFile,
    };

    /// <summary>SIGKILL to one node, counted from 1.</summary>
    public Task KillAsync(int node) => KafkaScript.RunAsync("kill", folder, $"{node}");

    /// <summary>SIGTERM to one node, which hands its partitions over and ends.</summary>
    public Task StopAsync(int node) => KafkaScript.RunAsync("stop", folder, $"{node}");

    /// <summary>Starts whatever is down, and waits until it answers.</summary>
    public Task StartNodesAsync() => KafkaScript.RunAsync("start", folder);

    /// <summary>Lets the user <c>worker</c> of a secure cluster do these on what begins with a name.</summary>
    public async Task GrantAsync(ResourceType resource, string name, params AclOperation[] operations)
    {
        using var admin = new AdminClientBuilder(Client).Build();
        await admin.CreateAclsAsync(operations.Select(operation => new AclBinding
        {
            Pattern = new ResourcePattern { Type = resource, Name = name, ResourcePatternType = ResourcePatternType.Prefixed },
            Entry = new AccessControlEntry { Principal = "User:worker", Host = "*", Operation = operation, PermissionType = AclPermissionType.Allow },
        }));
    }

    public async ValueTask DisposeAsync() => await RemoveAsync(folder, guard);

    private static async Task RemoveAsync(string folder, Process guard)
    {
        if (File.Exists(Path.Combine(folder, "nodes")))
        {
            await KafkaScript.RunAsync("kill", folder);
        }

        Directory.Delete(folder, recursive: true);
        await guard.WaitForExitAsync();
        guard.Dispose();
    }

    // A node takes two ports, a hundred apart. Below 32768, where the system gives out ports for connections.
    private static int FreePorts(int nodes)
    {
        int port;
        do
        {
            port = Random.Shared.Next(20_000, 32_000);
        }
        while (!Enumerable.Range(port, nodes).All(p => IsFree(p) && IsFree(p + 100)));
        return port;
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
