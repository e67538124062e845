namespace InferenceServer.Server.Downloads;

/// <summary>How to download.</summary>
internal sealed record DownloadOptions
{
    /// <summary>Connections at once. One alone seldom fills a fast line.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>Bytes of a part: what one request asks for.</summary>
    public int PartLength { get; init; } = 32 << 20;

    /// <summary>Failures in a row, without a single byte between them, after which the download is given up; what fails at the same time is one failure.</summary>
    public int MaxFailures { get; init; } = 10;

    /// <summary>Wait after the first failure; doubles with each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait, whatever the server asks for.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Silence after which a connection counts as broken.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);
}
