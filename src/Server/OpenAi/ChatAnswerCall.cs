using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>A call that the model wants made.</summary>
internal sealed record ChatAnswerCall
{
    public required string Id { get; init; }

    /// <summary><c>function</c> or <c>custom</c>: which of the others is there.</summary>
    public required string Type { get; init; }

    /// <summary>A function to call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatAnswerFunction? Function { get; init; }

    /// <summary>A tool to give a text to.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatAnswerCustom? Custom { get; init; }
}

/// <summary>A function to call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">JSON as the model wrote it; cut off if the answer was.</param>
internal sealed record ChatAnswerFunction(string Name, string Arguments);

/// <summary>A tool to give a text to.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Input">The text.</param>
internal sealed record ChatAnswerCustom(string Name, string Input);
