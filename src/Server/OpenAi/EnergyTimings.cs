namespace InferenceServer.Server.OpenAi;

/// <summary>
/// The joules of a request, by what they cover. The sources contain each other and are never added; null is one that published nothing while
/// the request ran.
/// </summary>
internal sealed record EnergyTimings
{
    /// <summary>All GPUs.</summary>
    public required SourceEnergy? Gpu { get; init; }

    /// <summary>All processor packages.</summary>
    public required SourceEnergy? Cpu { get; init; }

    /// <summary>The whole machine, as far as it measures itself.</summary>
    public required SourceEnergy? System { get; init; }
}

/// <summary>The joules of a request from one source: its share, by cost, of the steps that computed it.</summary>
internal sealed record SourceEnergy
{
    /// <summary>For the prompt.</summary>
    public required double PrefillJoules { get; init; }

    /// <summary>For the tokens.</summary>
    public required double DecodeJoules { get; init; }

    /// <summary>How much of the time of its steps the joules cover: what the source had not published yet when the answer ended is missing.</summary>
    public required double MeasuredMs { get; init; }
}
