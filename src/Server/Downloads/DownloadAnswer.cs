namespace InferenceServer.Server.Downloads;

/// <summary>What a server answered in the end.</summary>
/// <param name="Response">Its headers; the body is still to be read.</param>
/// <param name="LinkedTag">The hub's tag of the file, its SHA-256 for large ones; null if there was none.</param>
internal sealed record DownloadAnswer(HttpResponseMessage Response, string? LinkedTag) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Response.Dispose();
}
