using System.ComponentModel.DataAnnotations;

namespace InferenceServer.Server.Responses;

/// <summary>Section <c>Responses</c> of the configuration: what is kept of <c>/v1/responses</c>, where, and how long.</summary>
internal sealed class ResponsesOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Responses";

    /// <summary>False: nothing is ever kept, whatever requests say, and nothing can be asked for again.</summary>
    public bool Store { get; set; } = true;

    /// <summary>The database's file. Null takes <c>inference-server/responses.db</c> in the user's folder for data.</summary>
    public string? Path { get; set; }

    /// <summary>Days after which a response that nothing has gone on from is deleted.</summary>
    [Range(1, 36_500)]
    public int RetentionDays { get; set; } = 30;

    /// <summary>Size that the database is kept below, in MiB, by deleting what was used least recently.</summary>
    [Range(1, 1_048_576)]
    public int MaxMegabytes { get; set; } = 1024;

    /// <summary>The database's file, absolute.</summary>
    public string FullPath() => System.IO.Path.GetFullPath(Path ?? System.IO.Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "inference-server", "responses.db"));
}
