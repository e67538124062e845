namespace InferenceServer.Telemetry;

/// <summary>Which process computes: this one, or a child that may be another one every time one looks. Any thread.</summary>
public sealed class EngineProcess
{
    private readonly Func<int?> _read;

    /// <param name="read">The process; null while there is none, and this one counts.</param>
    public EngineProcess(Func<int?> read) => _read = read;

    /// <summary>This process.</summary>
    public static EngineProcess Own { get; } = new(static () => null);

    /// <summary>Its id.</summary>
    public int Id => _read() ?? Environment.ProcessId;

    /// <summary>True: it is this process, whose memory can be looked at from within.</summary>
    public bool IsOwn => Id == Environment.ProcessId;
}
