using System.ComponentModel.DataAnnotations;

namespace InferenceServer.Server.Access;

/// <summary>
/// Section <c>Limits</c> of the configuration: what a client may have whose key says nothing else, and how long things may take. Where no key is
/// needed, everybody together is one client. 0 is no limit. Read again on SIGHUP.
/// </summary>
internal sealed class LimitOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Limits";

    /// <summary>Requests in a minute, of each client.</summary>
    [Range(0, 1_000_000)]
    public int RequestsPerMinute { get; set; }

    /// <summary>Tokens in a minute, of prompts and answers, of each client.</summary>
    [Range(0, int.MaxValue)]
    public int TokensPerMinute { get; set; }

    /// <summary>Answers under way at once, of each client.</summary>
    [Range(0, 1_000_000)]
    public int Concurrency { get; set; }

    /// <summary>Tokens in a day of UTC, of prompts and answers, of each client.</summary>
    [Range(0, long.MaxValue)]
    public long TokensPerDay { get; set; }

    /// <summary>File that remembers over restarts what clients with such a quota have used today. Null takes <c>inference-server/usage.json</c> in the user's folder for data.</summary>
    public string? UsageFile { get; set; }

    /// <summary>Milliseconds that a request may take from its arrival to its last byte, waiting included, before it ends with an error.</summary>
    [Range(0, 86_400_000)]
    public int RequestTimeoutMs { get; set; }

    /// <summary>Milliseconds that an answer may be computed, waiting not included, before it ends with an error; also in the background. Looked at once a second.</summary>
    [Range(0, 86_400_000)]
    public int GenerationTimeoutMs { get; set; }

    /// <summary>The limits of a client whose key says nothing else.</summary>
    public ClientLimits ForClients() =>
        new() { RequestsPerMinute = RequestsPerMinute, TokensPerMinute = TokensPerMinute, Concurrency = Concurrency, TokensPerDay = TokensPerDay };

    /// <summary>The usage file, absolute.</summary>
    public string FullUsageFile() => Path.GetFullPath(UsageFile ?? Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "inference-server", "usage.json"));
}
