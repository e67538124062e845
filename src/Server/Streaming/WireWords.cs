using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>OpenAI's words for the engine's.</summary>
internal static class WireWords
{
    /// <summary>The word for how an answer ended. Errors and aborts have none: they end an answer with an error.</summary>
    public static string Of(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "has no word"),
    };

    /// <summary>The word for how a choice of a chat ended: one that the model ended with calls waits for their results.</summary>
    public static string OfChat(Choice choice, ToolUse tools) => choice is not { Reason: FinishReason.Stop, NumCalls: > 0 } ? Of(choice.Reason!.Value)
        : tools.UsesFunctions ? "function_call"
        : "tool_calls";

    /// <summary>The word for the log, where every end has one, and so has none.</summary>
    public static string ForLog(FinishReason? reason) => reason switch
    {
        null => "unfinished",
        FinishReason.Aborted => "aborted",
        FinishReason.Error => "error",
        { } whole => Of(whole),
    };

    /// <summary>The word for a scheduling class.</summary>
    public static string Of(RequestClass requestClass) => requestClass switch
    {
        RequestClass.Priority => "priority",
        RequestClass.Flex => "flex",
        _ => "default",
    };
}
