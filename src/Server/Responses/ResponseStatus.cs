namespace InferenceServer.Server.Responses;

/// <summary>OpenAI's words for the state of a response or of one of its items.</summary>
internal static class ResponseStatus
{
    /// <summary>In the background, not begun.</summary>
    public const string Queued = "queued";

    public const string InProgress = "in_progress";

    public const string Completed = "completed";

    /// <summary>Cut off, by the limit or where a call broke.</summary>
    public const string Incomplete = "incomplete";

    public const string Failed = "failed";

    public const string Cancelled = "cancelled";

    /// <summary>True while more may come.</summary>
    public static bool IsRunning(string status) => status is Queued or InProgress;
}
