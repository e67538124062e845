using System.Text.Json;

namespace InferenceServer.Server.Responses;

/// <summary>Names of the events of a streamed response.</summary>
internal static class EventNames
{
    public static readonly JsonEncodedText Created = JsonEncodedText.Encode("response.created");
    public static readonly JsonEncodedText Queued = JsonEncodedText.Encode("response.queued");
    public static readonly JsonEncodedText InProgress = JsonEncodedText.Encode("response.in_progress");
    public static readonly JsonEncodedText ItemAdded = JsonEncodedText.Encode("response.output_item.added");
    public static readonly JsonEncodedText ItemDone = JsonEncodedText.Encode("response.output_item.done");
    public static readonly JsonEncodedText PartAdded = JsonEncodedText.Encode("response.content_part.added");
    public static readonly JsonEncodedText PartDone = JsonEncodedText.Encode("response.content_part.done");
    public static readonly JsonEncodedText ReasoningTextDelta = JsonEncodedText.Encode("response.reasoning_text.delta");
    public static readonly JsonEncodedText ReasoningTextDone = JsonEncodedText.Encode("response.reasoning_text.done");
    public static readonly JsonEncodedText OutputTextDelta = JsonEncodedText.Encode("response.output_text.delta");
    public static readonly JsonEncodedText OutputTextDone = JsonEncodedText.Encode("response.output_text.done");
    public static readonly JsonEncodedText FunctionArgumentsDelta = JsonEncodedText.Encode("response.function_call_arguments.delta");
    public static readonly JsonEncodedText FunctionArgumentsDone = JsonEncodedText.Encode("response.function_call_arguments.done");
    public static readonly JsonEncodedText CustomInputDelta = JsonEncodedText.Encode("response.custom_tool_call_input.delta");
    public static readonly JsonEncodedText CustomInputDone = JsonEncodedText.Encode("response.custom_tool_call_input.done");
    public static readonly JsonEncodedText Completed = JsonEncodedText.Encode("response.completed");
    public static readonly JsonEncodedText Incomplete = JsonEncodedText.Encode("response.incomplete");

    /// <summary>Also of a cancelled response: there is no event for that, and clients wait for one of these three.</summary>
    public static readonly JsonEncodedText Failed = JsonEncodedText.Encode("response.failed");
}
