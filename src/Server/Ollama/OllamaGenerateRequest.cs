using System.ComponentModel;
using System.Text.Json;

namespace InferenceServer.Server.Ollama;

/// <summary>
/// The fields of <c>POST /api/generate</c> that this server reads. Null means absent; unknown fields are ignored. Read by OllamaRequestReader;
/// this type is the contract that the API description shows, and a test holds the two together.
/// </summary>
internal sealed record OllamaGenerateRequest
{
    /// <summary>What the user says, or with <c>raw</c> or <c>suffix</c> the text to go on with. None: only makes sure that the model is loaded.</summary>
    public string? Prompt { get; init; }

    /// <summary>Text that comes after the answer; only for models that were trained to fill gaps.</summary>
    public string? Suffix { get; init; }

    /// <summary>What the model is told before the prompt.</summary>
    public string? System { get; init; }

    /// <summary>True: the prompt is given to the model as it is, without a template.</summary>
    public bool? Raw { get; init; }

    /// <summary>Id or alias of the model, with or without <c>:latest</c>. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>False: answer in one piece; otherwise line by line.</summary>
    public bool? Stream { get; init; }

    /// <summary>Form of the answer.</summary>
    [Description("\"json\" or a JSON Schema.")]
    public JsonElement? Format { get; init; }

    /// <summary>Whether or how much the model thinks before it answers, where its template leaves the choice.</summary>
    [Description("A boolean, or how much: low, medium, high.")]
    public JsonElement? Think { get; init; }

    /// <summary>How to pick and when to end: see the table of options.</summary>
    public JsonElement? Options { get; init; }

    /// <summary>Accepted and ignored: the model stays loaded.</summary>
    [Description("A duration as a string, or seconds.")]
    public JsonElement? KeepAlive { get; init; }

    /// <summary>Refused unless empty.</summary>
    public IReadOnlyList<string>? Images { get; init; }

    /// <summary>Refused unless empty: answers carry none.</summary>
    public IReadOnlyList<int>? Context { get; init; }

    /// <summary>Refused unless empty: the model's own template is used.</summary>
    public string? Template { get; init; }

    /// <summary>True is refused.</summary>
    public bool? Logprobs { get; init; }
}
