using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Server.Anthropic;

namespace InferenceServer.Server.Tests.Anthropic;

public sealed class MessagesRequestReaderTests
{
    [Fact]
    public void Conversation_OfAnAgent_BecomesMessagesOfOneKindEach()
    {
        var prompt = Read(
            """
            {"max_tokens":10,"system":"Be brief.","messages":[
             {"role":"user","content":"Weather?"},
             {"role":"assistant","content":[
               {"type":"thinking","thinking":"Two ","signature":"s"},{"type":"thinking","thinking":"cities.","signature":"s"},{"type":"redacted_thinking","data":"x"},
               {"type":"text","text":"Let me look."},
               {"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Oslo"}},{"type":"tool_use","id":"toolu_2","name":"get_weather","input":{}}]},
             {"role":"user","content":[
               {"type":"text","text":"Hurry."},
               {"type":"tool_result","tool_use_id":"toolu_1","content":"Rain"},
               {"type":"tool_result","tool_use_id":"toolu_2","is_error":true,"content":[{"type":"text","text":"No"},{"type":"image","source":{}}]},
               {"type":"tool_result","tool_use_id":"toolu_3"}]}]}
            """).Chat.Prompt;

        Assert.Equal(["system", "user", "assistant", "tool", "tool", "tool", "user"], prompt.Messages.Select(message => message.Role));
        var assistant = prompt.Messages[2];
        Assert.Equal(("Two cities.", "Let me look."), (assistant.Reasoning, TextOf(assistant)));
        Assert.Equal(
            [new ChatToolCall("toolu_1", "get_weather", """{"city":"Oslo"}"""), new ChatToolCall("toolu_2", "get_weather", "{}")], assistant.ToolCalls.AsEnumerable());
        Assert.Equal(["toolu_1", "toolu_2", "toolu_3"], prompt.Messages[3..6].Select(message => message.ToolCallId));
        Assert.Equal(["Rain", "No\n[image left out: this model takes text only]", ""], prompt.Messages[3..6].Select(TextOf));
        Assert.Equal("Hurry.", TextOf(prompt.Messages[6]));
        Assert.True(prompt.AddGenerationPrompt);
    }

    [Theory]
    [InlineData("\"x-anthropic-billing-header: cch=1;\"", "")]
    [InlineData("\"x-anthropic-billing-header: cch=1;\\n\\nBe brief.\"", "Be brief.")]
    [InlineData("\"Be brief.\"", "Be brief.")]
    [InlineData("[{\"type\":\"text\",\"text\":\"x-anthropic-billing-header: cch=1;\"},{\"type\":\"text\",\"text\":\"Be brief.\"}]", "Be brief.")]
    [InlineData("[{\"type\":\"text\",\"text\":\"x-anthropic-billing-header: cch=1;\"}]", "")]
    [InlineData("[{\"type\":\"text\",\"text\":\"Be\"},{\"type\":\"text\",\"text\":\"brief.\"}]", "Be\nbrief.")]
    [InlineData("[]", "")]
    public void System_WithBillingHeader_LosesIt(string system, string expected)
    {
        var messages = Read($$"""{"max_tokens":10,"system":{{system}},"messages":[{"role":"user","content":"Hi"}]}""").Chat.Prompt.Messages;
        Assert.Equal(expected, string.Concat(messages.Where(message => message.Role == "system").Select(TextOf)));
    }

    [Fact]
    public void LastMessage_OfAssistant_IsGoneOnWith()
    {
        var prompt = Read("""{"max_tokens":10,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"The answer is"}]}""").Chat.Prompt;
        Assert.True(prompt.ContinueFinalMessage);
        Assert.False(prompt.AddGenerationPrompt);
    }

    [Fact]
    public void Messages_WithWordsOfAgents_KeepTheirPlace()
    {
        var messages = Read(
            """{"max_tokens":10,"messages":[{"role":"user","content":"Hi"},{"role":"system","content":"Be brief."},{"role":"ctx","content":[{"type":"document","title":"A","source":{"type":"text","data":"B"}}]}]}""").Chat.Prompt.Messages;
        Assert.Equal(["user", "system", "user"], messages.Select(message => message.Role));
        Assert.Equal("A\nB", TextOf(messages[2]));
    }

    [Fact]
    public void Tools_OfAnthropicsOwn_AreLeftOutAndNamed()
    {
        var mapped = Read(
            """
            {"max_tokens":10,"messages":[{"role":"user","content":"Hi"}],"tools":[
             {"name":"f","description":"Does.","input_schema":{"type":"object"},"type":"custom"},{"type":"web_search_20250305","name":"web_search"},{"name":"g"}]}
            """);
        Assert.Equal(["web_search"], mapped.SkippedTools.AsEnumerable());
        Assert.Equal(
            [
                """{"type":"function","function":{"name":"f","description":"Does.","parameters":{"type":"object"}}}""",
                """{"type":"function","function":{"name":"g"}}""",
            ],
            mapped.Chat.Prompt.Tools.Select(tool => tool.GetRawText()));
    }

    [Fact]
    public void Tools_ChoiceIsNone_AreHidden() =>
        Assert.Empty(Read("""{"max_tokens":10,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f"}],"tool_choice":{"type":"none"}}""").Chat.Prompt.Tools);

    [Theory]
    [InlineData("null", "false")]
    [InlineData("{\"type\":\"disabled\"}", "false")]
    [InlineData("{\"type\":\"enabled\",\"budget_tokens\":2000}", "true")]
    [InlineData("{\"type\":\"adaptive\"}", "true")]
    public void Thinking_OnlyIfAskedFor_IsTheTemplates(string thinking, string expected)
    {
        var variables = Read($$$"""{"max_tokens":10,"messages":[{"role":"user","content":"Hi"}],"thinking":{{{thinking}}},"output_config":{"effort":"low"}}""").Chat.Prompt.Variables!;
        Assert.Equal(expected, variables["enable_thinking"].GetRawText());
        Assert.Equal("low", variables["reasoning_effort"].GetString());
    }

    [Theory]
    [InlineData("null", null)]
    [InlineData("{\"type\":\"disabled\"}", 0)]
    [InlineData("{\"type\":\"enabled\",\"budget_tokens\":2000}", 2000)]
    [InlineData("{\"type\":\"enabled\",\"budget_tokens\":99999999999}", int.MaxValue)]
    [InlineData("{\"type\":\"adaptive\"}", null)]
    public void Thinking_WithABudget_IsLimited(string thinking, int? expected) => Assert.Equal(
        expected, Read($$$"""{"max_tokens":10,"messages":[{"role":"user","content":"Hi"}],"thinking":{{{thinking}}}}""").Chat.MaxThoughtTokens);

    [Theory]
    [InlineData("{\"type\":\"auto\"}", false, false, "f g")]
    [InlineData("{\"type\":\"auto\",\"disable_parallel_tool_use\":true}", false, true, "f g")]
    [InlineData("{\"type\":\"any\"}", true, false, "f g")]
    [InlineData("{\"type\":\"tool\",\"name\":\"g\"}", true, false, "g")]
    [InlineData("{\"type\":\"none\"}", false, false, "")]
    public void ToolChoice_OfEveryKind_SaysWhatIsCalled(string choice, bool mustCall, bool isSingle, string callable)
    {
        var use = Read($$$"""{"max_tokens":10,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f","strict":true,"input_schema":{"type":"object"}},{"name":"g"}],"tool_choice":{{{choice}}}}""").Chat.Tools;
        Assert.Equal((mustCall, isSingle, callable), (use.MustCall, use.IsSingle, string.Join(' ', use.Tools.Select(tool => tool.Name))));
        Assert.All(use.Tools, tool => Assert.Equal(tool.Name == "f", tool.IsStrict));
        Assert.Equal("tools[0].input_schema tools[1].input_schema".Split(' ').Where(place => use.Tools.Any(tool => tool.Arguments.Name == place)), use.Tools.Select(tool => tool.Arguments.Name));
    }

    [Theory]
    [InlineData("\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}", "output_config.format.schema")]
    [InlineData("\"output_format\":{\"type\":\"json_schema\",\"schema\":{}}", "output_format.schema")]
    public void Format_WithASchema_IsStrict(string field, string place)
    {
        var constraint = Read($$$"""{"max_tokens":10,"messages":[{"role":"user","content":"Hi"}],{{{field}}}}""").Chat.Constraint!;
        Assert.Equal((place, true), (constraint.Name, constraint.Source.IsStrict));

        using var continued = JsonDocument.Parse($$$"""{"max_tokens":10,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"{"}],{{{field}}}}""");
        Assert.False(MessagesRequestReader.Read(continued.RootElement, isCount: false).TryGet(out _, out var error));
        Assert.Equal("messages", error!.Param);
    }

    private static MappedMessages Read(string body)
    {
        var root = JsonDocument.Parse(body).RootElement;
        Assert.True(MessagesRequestReader.Read(root, isCount: false).TryGet(out var mapped, out var error), error?.Message);
        return mapped;
    }

    private static string TextOf(ChatMessage message) => message.Parts.IsDefault ? message.Content ?? "" : string.Join('\n', message.Parts);
}
