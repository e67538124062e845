using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Chat;

public sealed class ChatTemplateTests
{
    private const string Dump = "{% for m in messages %}[{{ m.role }}|{{ m.content }}]{% endfor %}";

    [Fact]
    public void Render_Fallback_IsChatMl()
    {
        var prompt = ChatTemplate.Parse(ChatTemplate.FallbackSource, null, null).Render(Prompt(System("Be brief."), User("Hi")));

        Assert.Equal("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", prompt.ToString());
    }

    [Fact]
    public void Render_UserText_IsRequestText()
    {
        var prompt = ChatTemplate.Parse(ChatTemplate.FallbackSource, null, null).Render(Prompt(User("a<|im_end|>b")));

        Assert.Equal(
            [new PromptSegment("<|im_start|>user\n", true), new PromptSegment("a<|im_end|>b", false), new PromptSegment("<|im_end|>\n<|im_start|>assistant\n", true)],
            prompt.Segments.AsEnumerable());
    }

    [Fact]
    public void Render_KnownRoleWithinAControlToken_IsTemplateText()
    {
        var template = ChatTemplate.Parse("{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}", null, null);

        Assert.Equal([new PromptSegment("<|user|>", true), new PromptSegment("Hi", false)], template.Render(Prompt(User("Hi"))).Segments.AsEnumerable());
        Assert.Equal(
            [new PromptSegment("<|", true), new PromptSegment("im_end", false), new PromptSegment("|>", true), new PromptSegment("Hi", false)],
            template.Render(Prompt(new ChatMessage { Role = "im_end", Content = "Hi" })).Segments.AsEnumerable());
    }

    [Fact]
    public void Render_Developer_BecomesSystemUnlessTheTemplateKnowsIt()
    {
        var developer = new ChatMessage { Role = "developer", Content = "Be brief." };

        Assert.Equal("[system|Be brief.][user|Hi]", Render(Dump, developer, User("Hi")));
        Assert.Equal("[developer|Be brief.][user|Hi]", Render(Dump + "{# 'developer' #}", developer, User("Hi")));
    }

    [Fact]
    public void Render_Parts_AreJoinedUnlessTheTemplateIterates()
    {
        var user = new ChatMessage { Role = "user", Parts = ["one", "two"] };
        const string Iterating = "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}({{ c.text }}){% endfor %}{% endif %}{% endfor %}";

        Assert.Equal("[user|one\ntwo]", Render(Dump, user));
        Assert.Equal("(one)(two)", Render(Iterating, user));
        Assert.Equal("plain", Render(Iterating, User("plain")));
        Assert.Equal("(plain)", Render("{% for m in messages %}{% for c in m.content %}({{ c.text }}){% endfor %}{% endfor %}", User("plain")));
    }

    [Fact]
    public void Render_SystemThatTheTemplateRejects_GoesBeforeTheFirstUserText()
    {
        var text = RenderReal("google-gemma-2-2b-it", System("Be brief."), User("Hi"), User("there"));

        Assert.Equal("<BOS><start_of_turn>user\nBe brief.\n\nHi\n\nthere<end_of_turn>\n<start_of_turn>model\n", text);
    }

    [Fact]
    public void Render_SeveralSystemMessages_AreMergedOnlyWhereOneIsRead()
    {
        ChatMessage[] messages = [System("One."), User("Hi"), System("Two.")];

        Assert.Equal("[system|One.][user|Hi][system|Two.]", Render(Dump, messages));
        Assert.Contains("<|start|>developer<|message|># Instructions\n\nOne.\n\nTwo.\n\n<|end|>", RenderReal("openai-gpt-oss-120b", messages), StringComparison.Ordinal);
    }

    [Fact]
    public void Render_NeighboursOfOneRole_AreMergedOnlyWhereTheTemplateRaises()
    {
        Assert.Equal("[user|a][user|b]", Render(Dump, User("a"), User("b")));
        Assert.Equal("<BOS>[INST]a\n\nb[/INST]", RenderReal("mistralai-Mistral-Nemo-Instruct-2407", User("a"), User("b")));
    }

    [Theory]
    [InlineData("""{"city": "Oslo"}""", """{"city": "Oslo"}""")]
    [InlineData("""{"n":1.50,"big":12345678901234567890123}""", """{"n": 1.50, "big": 12345678901234567890123}""")]
    [InlineData("", "{}")]
    [InlineData("null", "{}")]
    [InlineData("""{"city": "Os""", """
        "{\"city\": \"Os"
        """)]
    [InlineData("[1]", "\"[1]\"")]
    public void Render_Arguments_AreObjectsIfTheyCanBe(string arguments, string expected)
    {
        var text = RenderReal("Qwen-Qwen2.5-7B-Instruct", User("Weather?"), Calls(arguments), Result("7"));

        Assert.Contains($"<tool_call>\n{{\"name\": \"get_weather\", \"arguments\": {expected}}}\n</tool_call>", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_ArgumentsForATemplateThatWantsText_AreAsTheClientWroteThem()
    {
        var text = RenderReal("deepseek-ai-DeepSeek-R1-Distill-Llama-8B", User("Weather?"), Calls("""{"city":"Oslo"}"""), Result("7"));

        Assert.Contains("```json\n{\"city\":\"Oslo\"}\n```", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_ForeignCallIds_BecomeShortOnesThatAgree()
    {
        var text = RenderReal("mistralai-Mistral-Nemo-Instruct-2407", User("Weather?"), Calls("{}"), Result("7"));
        var again = RenderReal("mistralai-Mistral-Nemo-Instruct-2407", User("Weather?"), Calls("{}"), Result("7"));

        var id = ShortCallIds.Of("call_abc");
        Assert.Matches("^[0-9A-Za-z]{9}$", id);
        Assert.Contains($"\"id\": \"{id}\"", text, StringComparison.Ordinal);
        Assert.Contains($"\"call_id\": \"{id}\"", text, StringComparison.Ordinal);
        Assert.Equal(text, again);
        Assert.Equal("aB3456789", ShortCallIds.Of("aB3456789"));
    }

    [Fact]
    public void Render_ToolResult_GetsTheNameOfItsCall() =>
        Assert.Contains("response:get_weather{", RenderReal("google-gemma-4-31B-it", User("Weather?"), Calls("{}"), Result("7")), StringComparison.Ordinal);

    [Fact]
    public void Render_ReasoningBesideTextAndCalls_IsJoinedWhereTheTemplateRefusesBoth()
    {
        var call = Calls("{}") with { Content = "Let me look.", Reasoning = "I need the weather." };

        var text = RenderReal("openai-gpt-oss-120b", User("Weather?"), call, Result("7"));

        Assert.Contains("<|channel|>analysis<|message|>I need the weather.\n\nLet me look.<|end|>", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_NoTools_LeavesTheVariableUndefined()
    {
        const string Source = "{{ tools is defined }} {{ enable_thinking }} {{ date_string }} {{ bos_token is defined }}";

        Assert.Equal("False True 15 Jan 2026 False", Render(Source, User("Hi")));
        var tool = JsonSerializer.SerializeToElement(new { type = "function" });
        Assert.StartsWith("True", Parse(Source).Render(Prompt(User("Hi")) with { Tools = [tool] }).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Render_RequestedVariables_WinExceptMessages()
    {
        var variables = new Dictionary<string, JsonElement>
        {
            ["enable_thinking"] = JsonSerializer.SerializeToElement(false),
            ["extra"] = JsonSerializer.SerializeToElement("<|x|>"),
            ["messages"] = JsonSerializer.SerializeToElement("gone"),
        };

        var prompt = Parse("{{ enable_thinking }} {{ thinking }} {{ extra }} {{ messages[0].content }}").Render(Prompt(User("Hi")) with { Variables = variables });

        Assert.Equal("False False <|x|> Hi", prompt.ToString());
        Assert.DoesNotContain(prompt.Segments, segment => segment.FromTemplate && segment.Text.Contains("<|x|>", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_TemplateRaises_CarriesItsMessage()
    {
        var template = Parse("line\n{{ raise_exception('Only <b> & such') }}");

        var failure = Assert.Throws<TemplateException>(() => template.Render(Prompt(User("Hi"))));

        Assert.Equal(("Only <b> & such", TemplateErrorKind.Raised, 2), (failure.Message, failure.Kind, failure.Line));
    }

    [Fact]
    public void Parse_BrokenTemplate_NamesTheLine()
    {
        var failure = Assert.Throws<TemplateSyntaxException>(() => Parse("a\nb\n{% if x %}\n{{ y ~ }}"));

        Assert.Equal(4, failure.Line);
    }

    [Fact]
    public void Render_ManyThreads_GiveTheSameText()
    {
        var template = Parse(ReferenceTemplates.Source("Kimi-K2-Instruct"));
        var prompt = Prompt(User("Weather?"), Calls("{}"), Result("7"), User("thanks"));
        var expected = template.Render(prompt).ToString();

        Parallel.For(0, 200, _ => Assert.Equal(expected, template.Render(prompt).ToString()));
    }

    private static ChatTemplate Parse(string source) => ChatTemplate.Parse(source, null, null, ReferenceTemplates.Clock);

    private static string Render(string source, params ChatMessage[] messages) => Parse(source).Render(Prompt(messages)).ToString();

    private static string RenderReal(string name, params ChatMessage[] messages) =>
        ChatTemplate.Parse(ReferenceTemplates.Source(name), "<BOS>", "<EOS>", ReferenceTemplates.Clock).Render(Prompt(messages)).ToString();

    private static ChatPrompt Prompt(params ChatMessage[] messages) => new() { Messages = [.. messages] };

    private static ChatMessage System(string text) => new() { Role = "system", Content = text };

    private static ChatMessage User(string text) => new() { Role = "user", Content = text };

    private static ChatMessage Calls(string arguments) =>
        new() { Role = "assistant", ToolCalls = [new ChatToolCall("call_abc", "get_weather", arguments)] };

    private static ChatMessage Result(string text) => new() { Role = "tool", Content = text, ToolCallId = "call_abc" };
}
