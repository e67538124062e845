using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Chat.Output;

public sealed class GenericToolsTests
{
    [Fact]
    public void Apply_Conversation_SaysToolsCallsAndResultsInText()
    {
        var prompt = GenericTools.Apply(new ChatPrompt
        {
            Tools = Outputs.Tools,
            Messages =
            [
                new ChatMessage { Role = "system", Content = "Be brief." },
                new ChatMessage { Role = "user", Content = "Weather?" },
                new ChatMessage { Role = "assistant", Content = "I look.", ToolCalls = [new ChatToolCall("1", "get_w", """{"city": "Oslo"}"""), new ChatToolCall("2", "ping", "")] },
                new ChatMessage { Role = "tool", Content = "rain", ToolCallId = "1" },
                new ChatMessage { Role = "tool", Content = "pong", ToolCallId = "2" },
            ],
        });

        Assert.Empty(prompt.Tools);
        Assert.Equal(["system", "user", "assistant", "user"], prompt.Messages.Select(message => message.Role));
        Assert.StartsWith("Be brief.\n\n", prompt.Messages[0].Content, StringComparison.Ordinal);
        Assert.All(Outputs.Tools, tool => Assert.Contains(tool.GetRawText(), prompt.Messages[0].Content, StringComparison.Ordinal));
        Assert.Equal("<tool_response>\nrain\n</tool_response>\n<tool_response>\npong\n</tool_response>", prompt.Messages[3].Content);

        // What stands in the history is what the parser reads.
        var reply = Outputs.Reply(Outputs.Parse(ChatFormats.Generic, prompt.Messages[2].Content!));
        Assert.Equal("I look.", reply.Content);
        Assert.Equal([("get_w", """{"city": "Oslo"}"""), ("ping", "{}")], reply.Calls.Select(call => (call.Name, call.Arguments)));
    }

    [Fact]
    public void Apply_TemplateThatIgnoresTools_ShowsThemToTheModel()
    {
        var template = ChatTemplate.Parse(ReferenceTemplates.Source("google-gemma-2-2b-it"), "<BOS>", "<EOS>", ReferenceTemplates.Clock);
        var prompt = new ChatPrompt { Tools = Outputs.Tools, Messages = [new ChatMessage { Role = "user", Content = "Weather?" }] };

        Assert.DoesNotContain("get_w", template.Render(prompt).ToString(), StringComparison.Ordinal);
        Assert.Contains("get_w", template.Render(GenericTools.Apply(prompt)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_PlainConversation_IsTheSame()
    {
        var prompt = new ChatPrompt { Messages = [new ChatMessage { Role = "user", Content = "Hi" }] };

        Assert.Same(prompt, GenericTools.Apply(prompt));
    }

    [Fact]
    public void Instruction_Example_IsACallInTheGenericForm()
    {
        var instruction = GenericTools.Instruction([JsonElement.Parse("""{"name": "ping"}""")]);
        var example = instruction[instruction.IndexOf("<tool_call>", StringComparison.Ordinal)..(instruction.IndexOf("</tool_call>", StringComparison.Ordinal) + 12)];

        // Its placeholder is no possible name, so that an echo of the instruction is no call.
        Assert.Empty(Outputs.Reply(Outputs.Parse(ChatFormats.Generic, example)).Calls);
        Assert.Single(Outputs.Reply(Outputs.Parse(ChatFormats.Generic, example.Replace("the tool's name", "ping", StringComparison.Ordinal))).Calls);
    }
}
