using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Tools for models whose template ignores them: the tools and the form of a call become part of the system message, earlier
/// calls part of the assistant's text, results text of the user. What the model then writes is <see cref="ChatFormat"/>'s generic form.
/// </summary>
public static class GenericTools
{
    private const string Before =
        """
        You can call tools. These are the tools, one JSON object each:
        <tools>
        """;

    private const string After =
        """
        </tools>
        To call a tool, write its name and its arguments as one JSON object between these tags, and nothing after them:
        <tool_call>
        {"name": "the tool's name", "arguments": {"the argument's name": "its value"}}
        </tool_call>
        Write several such blocks to call several tools. The results come in <tool_response> tags. Without need of a tool, just answer.
        """;

    /// <summary>Puts a prompt's tools into its messages.</summary>
    /// <returns>A prompt without tools. The same prompt if it has neither tools nor calls nor results.</returns>
    public static ChatPrompt Apply(ChatPrompt prompt)
    {
        var hasTools = !prompt.Tools.IsDefaultOrEmpty;
        if (!hasTools && prompt.Messages.All(message => message.ToolCalls.IsDefaultOrEmpty && message.Role != "tool"))
        {
            return prompt;
        }

        var messages = new List<ChatMessage>(prompt.Messages.Length + 1);
        foreach (var message in prompt.Messages)
        {
            Add(messages, message);
        }

        if (hasTools)
        {
            Instruct(messages, Instruction(prompt.Tools));
        }

        return prompt with { Messages = [.. messages], Tools = [] };
    }

    /// <summary>What tells a model its tools and the form of a call.</summary>
    /// <param name="tools">OpenAI tool objects.</param>
    public static string Instruction(ImmutableArray<JsonElement> tools)
    {
        var text = new StringBuilder(Before).Append('\n');
        foreach (var tool in tools)
        {
            text.Append(tool.GetRawText()).Append('\n');
        }

        return text.Append(After).ToString();
    }

    private static void Add(List<ChatMessage> messages, ChatMessage message)
    {
        if (message.Role == "tool")
        {
            var result = $"<tool_response>\n{Text(message)}\n</tool_response>";
            var joins = messages.Count > 0 && messages[^1] is { Role: "user", Content: { } content } && content.EndsWith("</tool_response>", StringComparison.Ordinal);
            result = joins ? $"{messages[^1].Content}\n{result}" : result;
            if (joins)
            {
                messages.RemoveAt(messages.Count - 1);
            }

            messages.Add(new ChatMessage { Role = "user", Content = result });
            return;
        }

        if (message.ToolCalls.IsDefaultOrEmpty)
        {
            messages.Add(message);
            return;
        }

        var parts = message.ToolCalls.Select(Call).Prepend(Text(message)).Where(part => part.Length > 0);
        messages.Add(message with { Content = string.Join('\n', parts), Parts = default, ToolCalls = [] });
    }

    private static string Call(ChatToolCall call)
    {
        var text = new StringBuilder("<tool_call>\n{\"name\": ");
        ArgumentText.AppendString(text, call.Name);
        var arguments = string.IsNullOrWhiteSpace(call.Arguments) ? "{}" : call.Arguments;
        return text.Append(", \"arguments\": ").Append(arguments).Append("}\n</tool_call>").ToString();
    }

    private static void Instruct(List<ChatMessage> messages, string instruction)
    {
        var first = messages.FindIndex(message => message.Role is "system" or "developer");
        if (first < 0)
        {
            messages.Insert(0, new ChatMessage { Role = "system", Content = instruction });
            return;
        }

        messages[first] = messages[first] with { Content = $"{Text(messages[first])}\n\n{instruction}", Parts = default };
    }

    private static string Text(ChatMessage message) => message.Parts.IsDefaultOrEmpty ? message.Content ?? "" : string.Join('\n', message.Parts);
}
