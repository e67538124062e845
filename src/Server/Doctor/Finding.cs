namespace InferenceServer.Server.Doctor;

/// <summary>A line of what the doctor found.</summary>
/// <param name="Topic">A word or two.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Text">What is so. Never a secret, and nothing by which a machine could be told from others of its kind.</param>
/// <param name="Advice">What to do, a command if there is one; null where nothing is to be done.</param>
internal sealed record Finding(string Topic, FindingLevel Level, string Text, string? Advice = null)
{
    /// <summary>Nothing to be done.</summary>
    public static Finding Ok(string topic, string text) => new(topic, FindingLevel.Ok, text);

    /// <summary>Something that will hurt some day.</summary>
    public static Finding Warning(string topic, string text, string advice) => new(topic, FindingLevel.Warning, text, advice);

    /// <summary>Something that keeps the server from serving.</summary>
    public static Finding Error(string topic, string text, string? advice = null) => new(topic, FindingLevel.Error, text, advice);
}

/// <summary>How bad a finding is; worse ones are larger.</summary>
internal enum FindingLevel
{
    /// <summary>As it should be, or nothing that can be helped.</summary>
    Ok,

    /// <summary>It works, but slower or less dependably than it could.</summary>
    Warning,

    /// <summary>The server does not start, or does not serve.</summary>
    Error,
}
