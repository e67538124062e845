namespace InferenceServer.Server.Downloads;

/// <summary>A download cannot go on; does not leave this room.</summary>
/// <param name="status">How it ends.</param>
/// <param name="message">One line for people.</param>
internal sealed class DownloadException(DownloadStatus status, string message) : Exception(message)
{
    /// <summary>How the download ends.</summary>
    public DownloadStatus Status { get; } = status;
}
