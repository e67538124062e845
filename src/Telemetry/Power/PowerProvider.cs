namespace InferenceServer.Telemetry.Power;

/// <summary>A kind of source that this machine may have, and the way to open it.</summary>
/// <param name="Name">Lower case, as the label <c>provider</c>.</param>
/// <param name="Open">Opens it. Not being there is a result; an exception is a failure, after which it is tried again.</param>
public sealed record PowerProvider(string Name, Func<PowerOpening> Open);

/// <summary>What became of opening a source: it, or why there is none.</summary>
public sealed record PowerOpening
{
    private PowerOpening(IPowerSource? source, ChannelFault fault, string? detail)
    {
        Source = source;
        Fault = fault;
        Detail = detail;
    }

    /// <summary>The source; null if there is none.</summary>
    public IPowerSource? Source { get; }

    /// <summary>Why there is none; None if there is.</summary>
    public ChannelFault Fault { get; }

    /// <summary>The same in a sentence for the owner of the machine: what is missing and what would help; null if nothing is.</summary>
    public string? Detail { get; }

    /// <summary>A source.</summary>
    /// <param name="source">Owned by whoever opened it.</param>
    /// <param name="detail">What it cannot do here, for the owner; null if nothing.</param>
    public static PowerOpening Of(IPowerSource source, string? detail = null) => new(source, ChannelFault.None, detail);

    /// <summary>No source.</summary>
    public static PowerOpening Missing(ChannelFault fault, string detail) => new(null, fault, detail);
}
