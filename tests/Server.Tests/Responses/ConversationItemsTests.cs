using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Server.Responses;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Responses;

public sealed class ConversationItemsTests
{
    [Fact]
    public void Items_OfOneTurn_AreOneMessage()
    {
        var messages = Read(
            """
            [{"role":"user","content":"Weather?"},
             {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"Look."}]},
             {"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"One moment.","annotations":[],"logprobs":[]}]},
             {"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{\"a\":1}","status":"completed"},
             {"type":"function_call","id":"fc_2","call_id":"call_2","name":"g","arguments":"{}"},
             {"type":"function_call_output","call_id":"call_1","output":"sun"},
             {"type":"function_call_output","call_id":"call_2","output":[{"type":"input_text","text":"rain"},{"type":"input_image","image_url":"x"}]},
             {"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]}]
            """);
        Assert.Equal(["user", "assistant", "tool", "tool", "user"], messages.Select(message => message.Role));
        Assert.Equal(("Look.", "One moment."), (messages[1].Reasoning, messages[1].Content));
        Assert.Equal([new ChatToolCall("call_1", "f", "{\"a\":1}"), new ChatToolCall("call_2", "g", "{}")], messages[1].ToolCalls.AsEnumerable());
        Assert.Equal(("call_1", "sun"), (messages[2].ToolCallId, messages[2].Content));
        Assert.Equal("rain\n[input_image left out: this model takes text only]", messages[3].Content);
        Assert.Equal("a|b", string.Join('|', messages[4].Parts));
    }

    [Fact]
    public void Items_OfSeveralTurns_StayApart()
    {
        var messages = Read(
            """
            [{"role":"assistant","content":"one"},{"role":"assistant","content":"two"},
             {"type":"reasoning","summary":[{"type":"summary_text","text":"short"}]},{"role":"assistant","content":"three"}]
            """);
        Assert.Equal(["one", "two", "three"], messages.Select(message => message.Content));
        Assert.Equal([null, null, "short"], messages.Select(message => message.Reasoning));
    }

    [Fact]
    public void Reasoning_EncodedByUs_ComesBackAndForeignDoesNot()
    {
        var encoded = ThoughtText.Encode("Hmm 🚀");
        var messages = Read(
            $$"""
            [{"type":"reasoning","summary":[],"encrypted_content":"{{encoded}}"},{"role":"assistant","content":"a"},
             {"type":"reasoning","summary":[],"encrypted_content":"gAAAA+/"},{"role":"assistant","content":"b"},
             {"type":"reasoning","summary":[],"encrypted_content":"text-v1.###"},{"role":"assistant","content":"c"}]
            """);
        Assert.Equal(["Hmm 🚀", "", ""], messages.Select(message => message.Reasoning));
    }

    [Fact]
    public void Traces_OfToolsThatRanElsewhere_AreLeftOut()
    {
        var messages = Read(
            """
            [{"role":"user","content":"Hi"},{"type":"web_search_call","id":"ws_1","status":"completed"},{"type":"mcp_list_tools","tools":[]},
             {"type":"local_shell_call","call_id":"x"},{"type":"local_shell_call_output","id":"x","output":"y"},{"type":"compaction","encrypted_content":"z"}]
            """);
        Assert.Equal("Hi", Assert.Single(messages).Content);
    }

    [Fact]
    public void CustomCall_OfAText_IsAFunctionWithOneArgument()
    {
        var messages = Read("""[{"type":"custom_tool_call","call_id":"c","name":"patch","input":"a\n\"b\""},{"type":"custom_tool_call_output","call_id":"c","output":"done"}]""");
        var call = Assert.Single(messages[0].ToolCalls);
        Assert.Equal("a\n\"b\"", JsonDocument.Parse(call.Arguments).RootElement.GetProperty("input").GetString());
        Assert.Equal("done", messages[1].Content);
    }

    [Fact]
    public void ToolNames_SameNameInTwoNamespaces_AreToldApart()
    {
        var names = new ToolNames();
        Assert.Equal("search", names.Add("web", "search", isCustom: false));
        Assert.Equal("mail__search", names.Add("mail", "search", isCustom: false));
        Assert.Equal("mail", names.FromModel("mail__search").Namespace);
        Assert.Equal("search", names.FromModel("mail__search").Name);
        Assert.Equal("mail__search", names.ToModel("mail", "search"));
        Assert.Equal("other", names.ToModel(null, "other"));
    }

    private static IReadOnlyList<ChatMessage> Read(string json)
    {
        var errors = new RequestErrors();
        var items = new ConversationItems(new ToolNames(), errors);
        var index = 0;
        foreach (var item in JsonDocument.Parse(json).RootElement.EnumerateArray())
        {
            items.Add(item, $"input[{index++}]");
        }

        Assert.True(errors.IsEmpty);
        return items.Build();
    }
}
