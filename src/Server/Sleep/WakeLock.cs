namespace InferenceServer.Server.Sleep;

/// <summary>Keeps the machine awake until it is disposed of, or tells why it cannot.</summary>
/// <param name="Release">Lets it sleep again; null if nothing is held.</param>
/// <param name="Failure">Why nothing is held; null if something is.</param>
internal sealed record WakeLock(Action? Release, string? Failure) : IDisposable
{
    private const string Why = "answers requests for text";

    /// <summary>By the way of this system.</summary>
    public static WakeLock Take() =>
        OperatingSystem.IsMacOS() ? MacWakeLock.Take($"InferenceServer {Why}")
        : OperatingSystem.IsLinux() ? LogindWakeLock.Take("systemd-inhibit", Why)
        : new WakeLock(null, "this system is not known");

    /// <inheritdoc/>
    public void Dispose() => Release?.Invoke();
}
