using System.Globalization;

namespace InferenceServer.Server.Sleep;

/// <summary>Keeps the machine awake until it is disposed of, or tells why it cannot.</summary>
/// <param name="Release">Lets it sleep again; null if nothing is held.</param>
/// <param name="Failure">Why nothing is held; null if something is.</param>
internal sealed record WakeLock(Action? Release, string? Failure) : IDisposable
{
    /// <summary>For whoever asks what keeps the machine awake.</summary>
    /// <param name="processId">The server's; null: what all of them say first.</param>
    public static string WhyOf(int? processId) => string.Create(CultureInfo.InvariantCulture, $"answers requests for text (process {processId}{(processId is null ? "" : ")")}");

    /// <summary>By the way of this system.</summary>
    public static WakeLock Take() =>
        OperatingSystem.IsMacOS() ? MacWakeLock.Take($"InferenceServer {WhyOf(Environment.ProcessId)}")
        : OperatingSystem.IsLinux() ? LogindWakeLock.Take("systemd-inhibit", WhyOf(Environment.ProcessId))
        : new WakeLock(null, "this system is not known");

    /// <inheritdoc/>
    public void Dispose() => Release?.Invoke();
}
