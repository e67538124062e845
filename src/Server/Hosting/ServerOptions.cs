using System.ComponentModel.DataAnnotations;
using InferenceServer.Server.Sleep;

namespace InferenceServer.Server.Hosting;

/// <summary>Section <c>Server</c> of the configuration: where to listen, whom to answer, how much to take.</summary>
internal sealed class ServerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Server";

    /// <summary>Address to listen on: an IP address, <c>localhost</c>, or <c>*</c> for all.</summary>
    [Required]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 takes a free one.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; } = 8080;

    /// <summary>Names of the model for clients, separated by commas: the first is its id. Null takes the file's name.</summary>
    public string? Alias { get; set; }

    /// <summary>True: requests that name another model get 404. False: any name means the model there is.</summary>
    public bool StrictModel { get; set; }

    /// <summary>The key that clients must send; null for none. Prefer <see cref="ApiKeyFile"/>: command lines can be seen by other users.</summary>
    public string? ApiKey { get; set; }

    /// <summary>File of further keys, as hashes, with what their owners may have: <see cref="Access.KeyFile"/>.</summary>
    public string? ApiKeyFile { get; set; }

    /// <summary>Folder that pulled models are in; null takes the platform's cache folder.</summary>
    public string? ModelFolder { get; set; }

    /// <summary>True: listen beyond loopback even without a key.</summary>
    public bool Insecure { get; set; }

    /// <summary>Web origins answered besides those of this machine, for example <c>https://chat.example</c>; <c>*</c> for all.</summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>Host names, without port, by which this server may be addressed without a key, besides loopback and <c>host.docker.internal</c>; <c>*</c> for all.</summary>
    public string[] AllowedHosts { get; set; } = [];

    /// <summary>Largest request body, in bytes. The default holds a prompt of some ten million tokens.</summary>
    [Range(1024, 1L << 31)]
    public long MaxRequestBodyBytes { get; set; } = 64L << 20;

    /// <summary>All headers of a request together, in bytes; more get 431.</summary>
    [Range(1024, 1 << 20)]
    public int MaxRequestHeaderBytes { get; set; } = 32 << 10;

    /// <summary>Open connections at most; more are closed at once.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 4096;

    /// <summary>A stream that was silent this long, in milliseconds, gets a comment, so that nobody between gives up on it; 0 is never.</summary>
    [Range(0, 3_600_000)]
    public int PingIntervalMs { get; set; } = 30_000;

    /// <summary>After SIGTERM requests under way have this long to finish, in milliseconds, before they are cut off with an error; 0 cuts at once.</summary>
    [Range(0, 3_600_000)]
    public int DrainTimeoutMs { get; set; } = 60_000;

    /// <summary>True: a model file that is not there and a port that is taken are waited for instead of ending the process, as a service wants it.</summary>
    public bool WaitAtStart { get; set; }

    /// <summary>When the machine is kept from sleeping; null: while requests are answered on a Mac, else never. Services say always.</summary>
    public SleepGuardMode? PreventSleep { get; set; }

    /// <summary>True: every stream ends with a usage chunk, asked for or not.</summary>
    public bool AlwaysIncludeUsage { get; set; }
}
