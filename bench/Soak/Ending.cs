namespace InferenceServer.Bench.Soak;

/// <summary>How a request ended, as its client saw it.</summary>
internal enum Ending
{
    /// <summary>A whole answer with one end, which is what was asked for.</summary>
    Answered,

    /// <summary>An error status, before anything else.</summary>
    Refused,

    /// <summary>The client hung up, as it meant to.</summary>
    Left,

    /// <summary>One error, after the request was taken.</summary>
    Failed,

    /// <summary>The answer has no end, or never came.</summary>
    Lost,

    /// <summary>The answer ended more than once, or went on after its end.</summary>
    Doubled,

    /// <summary>An answer that cannot be right: other tokens than were counted, no JSON where JSON was asked for, no refusal where one was due.</summary>
    Wrong,
}

/// <summary>A request's ending and what is worth saying of it.</summary>
/// <param name="Ending">How it ended.</param>
/// <param name="IsAdmitted">True if the client knows that the server took it: the headers of an answer came.</param>
/// <param name="Detail">For whoever reads the report; null if nothing is odd.</param>
internal readonly record struct Outcome(Ending Ending, bool IsAdmitted, string? Detail = null)
{
    /// <summary>The ending of an answer that came and is not what was asked for.</summary>
    public static Outcome Wrong(string detail) => new(Ending.Wrong, IsAdmitted: true, detail);
}
