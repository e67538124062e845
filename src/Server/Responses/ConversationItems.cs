using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>
/// Puts the items of a conversation together to messages: a thought, text and calls in a row are one turn of the assistant. One
/// thread at a time.
/// </summary>
/// <param name="tools">Names of the tools that calls are of.</param>
/// <param name="errors">Where faults go.</param>
internal sealed class ConversationItems(ToolNames tools, RequestErrors errors)
{
    private static readonly string[] Roles = ["user", "assistant", "system", "developer"];

    private readonly ImmutableArray<ChatMessage>.Builder _messages = ImmutableArray.CreateBuilder<ChatMessage>();

    // The assistant's turn that may go on with the next item.
    private ChatMessage? _turn;

    /// <summary>Adds a message that no item has.</summary>
    public void AddInstructions(string text) => _messages.Add(new ChatMessage { Role = "system", Content = text });

    /// <summary>Adds an item.</summary>
    /// <param name="item">Of any JSON type.</param>
    /// <param name="path">Its place in the body.</param>
    public void Add(JsonElement item, string path)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            errors.Add(RequestError.WrongType(path, "an object", JsonFields.Describe(item.ValueKind)));
            return;
        }

        var fields = new JsonFields(item, path, errors);
        fields.Text("id");
        fields.Text("status");
        switch (ItemFields.TypeOf(fields))
        {
            case null:
                break;
            case "message":
                AddMessage(fields);
                break;
            case "reasoning":
                AddReasoning(fields);
                break;
            case "function_call":
                AddCall(fields, fields.Text("namespace"), fields.RequiredText("arguments"));
                break;
            case "custom_tool_call":
                AddCall(fields, null, CustomCall.ToArguments(fields.RequiredText("input") ?? ""));
                break;
            case "function_call_output" or "custom_tool_call_output":
                AddOther(new ChatMessage { Role = "tool", ToolCallId = fields.RequiredText("call_id"), Content = ItemFields.ReadOutput(fields) });
                break;
            case "item_reference":
                // The store puts the item itself in its place before the conversation is rendered.
                fields.RequiredText("id");
                break;
            case { } type when IsForeign(type):
                // Traces of what ran on somebody else's server.
                break;
            case { } type:
                errors.Add(RequestError.BadValue(fields.PathOf("type"), $"Invalid value: '{JsonFields.Short(type)}' is no kind of input item that this server knows."));
                break;
        }
    }

    /// <summary>The messages, oldest first.</summary>
    public ImmutableArray<ChatMessage> Build()
    {
        EndTurn();
        return _messages.ToImmutable();
    }

    private static bool IsForeign(string type) =>
        type is "compaction" or "mcp_list_tools" or "mcp_approval_request" or "mcp_approval_response" or "tool_search_output"
        || type.EndsWith("_call", StringComparison.Ordinal)
        || type.EndsWith("_call_output", StringComparison.Ordinal);

    private void AddMessage(JsonFields fields)
    {
        var role = fields.RequiredText("role");
        if (role is not null && !Roles.Contains(role))
        {
            errors.Add(RequestError.BadValue(
                fields.PathOf("role"), $"Invalid value: '{JsonFields.Short(role)}'. Supported values are: '{string.Join("', '", Roles)}'."));
        }

        var texts = ItemFields.ReadContent(fields);
        if (role != "assistant")
        {
            AddOther(WithTexts(new ChatMessage { Role = role ?? "user" }, texts));
            return;
        }

        if (_turn is { ToolCalls.IsEmpty: true } turn && HasText(turn))
        {
            EndTurn();
        }

        _turn ??= new ChatMessage { Role = "assistant" };
        _turn = WithTexts(_turn, [.. TextsOf(_turn), .. texts]);
    }

    private void AddReasoning(JsonFields fields)
    {
        var text = ThoughtText.Read(fields);
        if (_turn is { } turn && (HasText(turn) || !turn.ToolCalls.IsEmpty))
        {
            EndTurn();
        }

        _turn ??= new ChatMessage { Role = "assistant" };
        _turn = _turn with { Reasoning = _turn.Reasoning is { } before ? $"{before}\n\n{text}" : text };
    }

    private void AddCall(JsonFields fields, string? space, string? arguments)
    {
        var id = fields.RequiredText("call_id") ?? "";
        var name = fields.RequiredText("name") ?? "";
        _turn ??= new ChatMessage { Role = "assistant" };
        _turn = _turn with { ToolCalls = _turn.ToolCalls.Add(new ChatToolCall(id, tools.ToModel(space, name), arguments ?? "{}")) };
    }

    private void AddOther(ChatMessage message)
    {
        EndTurn();
        _messages.Add(message);
    }

    private void EndTurn()
    {
        if (_turn is not null)
        {
            _messages.Add(_turn);
            _turn = null;
        }
    }

    private static bool HasText(ChatMessage message) => message.Content is not null || !message.Parts.IsDefault;

    private static ImmutableArray<string> TextsOf(ChatMessage message) =>
        message.Content is { } text ? [text] : message.Parts.IsDefault ? [] : message.Parts;

    private static ChatMessage WithTexts(ChatMessage message, ImmutableArray<string> texts) => texts.Length == 1
        ? message with { Content = texts[0], Parts = default }
        : message with { Content = null, Parts = texts };
}
