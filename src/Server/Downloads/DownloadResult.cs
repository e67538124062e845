namespace InferenceServer.Server.Downloads;

/// <summary>Outcome of a download.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Message">One line for people; null if it ended well.</param>
internal sealed record DownloadResult(DownloadStatus Status, string? Message)
{
    /// <summary>True if the file is there.</summary>
    public bool IsThere => Status is DownloadStatus.Done or DownloadStatus.AlreadyThere;
}
