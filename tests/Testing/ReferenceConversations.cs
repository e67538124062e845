using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat;

namespace InferenceServer.Testing;

/// <summary>The reference's conversations as requests, the way the server would read them.</summary>
internal static class ReferenceConversations
{
    /// <summary>Each conversation by its name.</summary>
    public static IReadOnlyList<(string Name, ChatPrompt Prompt)> All { get; } =
        [.. ReferenceTemplates.Cases.EnumerateObject().Select(item => (item.Name, Prompt(item.Value)))];

    private static ChatPrompt Prompt(JsonElement context) => new()
    {
        Messages = [.. context.GetProperty("messages").EnumerateArray().Select(Message)],
        Tools = context.TryGetProperty("tools", out var tools) ? [.. tools.EnumerateArray()] : [],
        AddGenerationPrompt = context.GetProperty("add_generation_prompt").GetBoolean(),
        Variables = context.EnumerateObject()
            .Where(property => property.Name is not ("messages" or "tools" or "add_generation_prompt"))
            .ToDictionary(property => property.Name, property => property.Value),
    };

    private static ChatMessage Message(JsonElement message) => new()
    {
        Role = message.GetProperty("role").GetString()!,
        Content = Text(message, "content"),
        Parts = message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array
            ? [.. content.EnumerateArray().Select(part => part.GetProperty("text").GetString()!)]
            : default,
        Name = Text(message, "name"),
        Reasoning = Text(message, "reasoning_content"),
        ToolCallId = Text(message, "tool_call_id"),
        ToolCalls = message.TryGetProperty("tool_calls", out var calls) ? [.. calls.EnumerateArray().Select(Call)] : ImmutableArray<ChatToolCall>.Empty,
    };

    private static ChatToolCall Call(JsonElement call)
    {
        var function = call.GetProperty("function");
        return new ChatToolCall(call.GetProperty("id").GetString()!, function.GetProperty("name").GetString()!, function.GetProperty("arguments").GetRawText());
    }

    private static string? Text(JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
