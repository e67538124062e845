using System.Text.Json.Serialization;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Responses;

/// <summary>One event of a streamed response. Which fields are there depends on its type; the description shows them all.</summary>
internal sealed record ResponseEvent
{
    /// <summary>Also the event's name.</summary>
    public required string Type { get; init; }

    /// <summary>From 0, without gaps.</summary>
    public required int SequenceNumber { get; init; }

    /// <summary>Of <c>response.created</c>, <c>queued</c>, <c>in_progress</c>, <c>completed</c>, <c>incomplete</c>, <c>failed</c>.</summary>
    public ResponseBody? Response { get; init; }

    /// <summary>Place of the item among the response's output.</summary>
    public int? OutputIndex { get; init; }

    /// <summary>Of <c>response.output_item.added</c> and <c>done</c>.</summary>
    public ResponseItem? Item { get; init; }

    /// <summary>The item that the event is about.</summary>
    public string? ItemId { get; init; }

    /// <summary>Place of the part in the item's content; always 0.</summary>
    public int? ContentIndex { get; init; }

    /// <summary>Of <c>response.content_part.added</c> and <c>done</c>.</summary>
    public OutputText? Part { get; init; }

    /// <summary>Of the <c>delta</c> events: text to append.</summary>
    public string? Delta { get; init; }

    /// <summary>Of <c>response.output_text.done</c> and <c>reasoning_text.done</c>: the whole text.</summary>
    public string? Text { get; init; }

    /// <summary>Of <c>response.output_text.delta</c> and <c>done</c>.</summary>
    [JsonPropertyName("logprobs")]
    public IReadOnlyList<ChatTokenLogProb>? LogProbs { get; init; }

    /// <summary>Of <c>response.function_call_arguments.done</c>.</summary>
    public string? Name { get; init; }

    /// <summary>Of <c>response.function_call_arguments.done</c>.</summary>
    public string? Arguments { get; init; }

    /// <summary>Of <c>response.custom_tool_call_input.done</c>.</summary>
    public string? Input { get; init; }
}
