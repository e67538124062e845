namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Bounds of one render. A template that reaches one fails with <see cref="TemplateErrorKind.LimitExceeded"/>.</summary>
internal sealed record RenderLimits
{
    public static readonly RenderLimits Default = new();

    /// <summary>
    /// Evaluated nodes, plus list elements touched, plus eight characters of text each. 30 million take about two seconds;
    /// real templates need some hundred per message, those that look ahead a few per pair of messages.
    /// </summary>
    public long MaxSteps { get; init; } = 30_000_000;

    /// <summary>UTF-16 units of the output and of every text on the way. 16 million are about four million tokens.</summary>
    public int MaxTextLength { get; init; } = 16_000_000;

    /// <summary>Macro calls, recursive loops and nested values within each other. JSON of requests is at most 64 deep.</summary>
    public int MaxDepth { get; init; } = 200;
}
