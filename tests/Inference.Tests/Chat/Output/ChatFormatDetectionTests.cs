using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Chat.Output;

public sealed class ChatFormatDetectionTests
{
    [Theory]
    [InlineData("CohereForAI-c4ai-command-r7b-12-2024-tool_use", "command-r7b", "tools", "<|START_THINKING|>")]
    [InlineData("GLM-4.6", "glm-4", "tools", "<think>")]
    [InlineData("HuggingFaceTB-SmolLM3-3B", "generic", null, "<think>")]
    [InlineData("Kimi-K2-Instruct", "kimi-k2", "tools", "<think>")]
    [InlineData("MiniMax-M2", "minimax-m2", "tools", "<think>")]
    [InlineData("Mistral-Small-3.2-24B-Instruct-2506", "mistral", "tools", "[THINK]")]
    [InlineData("NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use", "hermes", "tools", "<think>")]
    [InlineData("NousResearch-Hermes-3-Llama-3.1-8B-tool_use", "hermes", "tools", "<think>")]
    [InlineData("Qwen-QwQ-32B", "hermes", "tools", "<think>")]
    [InlineData("Qwen-Qwen2.5-7B-Instruct", "hermes", "tools", "<think>")]
    [InlineData("Qwen-Qwen3-0.6B", "hermes", "tools", "<think>")]
    [InlineData("Qwen3-Coder", "qwen3-coder", "tools", "<think>")]
    [InlineData("deepseek-ai-DeepSeek-R1-Distill-Llama-8B", "deepseek", null, "<think>")]
    [InlineData("deepseek-ai-DeepSeek-V3.1", "deepseek", null, "<think>")]
    [InlineData("google-gemma-2-2b-it", "generic", null, "<think>")]
    [InlineData("google-gemma-4-31B-it", "gemma-4", "tools", "<|channel>thought")]
    [InlineData("ibm-granite-granite-3.3-2B-Instruct", "granite-3", "tools", "<think>")]
    [InlineData("meetkai-functionary-medium-v3.1", "functionary-v3.1", "tools", "<think>")]
    [InlineData("meta-llama-Llama-3.1-8B-Instruct", "llama-3", "tools", "<think>")]
    [InlineData("meta-llama-Llama-3.2-3B-Instruct", "llama-3", "tools", "<think>")]
    [InlineData("meta-llama-Llama-3.3-70B-Instruct", "llama-3", "tools", "<think>")]
    [InlineData("microsoft-Phi-3.5-mini-instruct", "generic", null, "<think>")]
    [InlineData("mistralai-Mistral-Nemo-Instruct-2407", "mistral", "tools", "[THINK]")]
    [InlineData("openai-gpt-oss-120b", "harmony", "tools", null)]
    public void Detect_RealTemplate_FindsItsFormat(string name, string format, string? toolsVariable, string? reasoningStart)
    {
        var found = ChatFormat.Detect(Template(ReferenceTemplates.Source(name)));

        Assert.Equal((format, toolsVariable, reasoningStart), (found.Name, found.ToolsVariable, found.Reasoning?.Start));
    }

    [Theory]
    [MemberData(nameof(RenderedNames))]
    public void Detect_OnlyACallIsShown_FindsTheFormat(string name)
    {
        // A template that writes nothing but what the model would write.
        var (_, format, _, output) = WrittenOutputs.TwoCalls.Single(item => item.Name == name);
        var source = "{% for m in messages %}{% if m.tool_calls %}{{ m.tool_calls[0].function.name }}{{ " + System.Text.Json.JsonSerializer.Serialize(output) + " }}{% endif %}{% endfor %}";

        Assert.Equal(format, ChatFormat.Detect(Template(source)).Name);
    }

    /// <summary>Outputs that show the format that they are in.</summary>
    public static TheoryData<string> RenderedNames => [.. WrittenOutputs.TwoCalls
        .Where(item => item.Name is not ("Llama 3" or "Llama 3, lines" or "Functionary 3.2" or "generic" or "generic, bare" or "Qwen3-Coder, calls in JSON"))
        .Select(item => item.Name)];

    [Fact]
    public void Detect_SourceNamesAForeignMarkerInAComment_GoesByTheCall()
    {
        var source = ReferenceTemplates.Source("Qwen-Qwen2.5-7B-Instruct") + "{# unlike <|tool_calls_section_begin|> of others #}";

        Assert.Equal("hermes", ChatFormat.Detect(Template(source)).Name);
    }

    [Fact]
    public void Detect_TemplateThatTakesToolsByAnotherName_FindsTheName()
    {
        // SmolLM3 as its makers published it; the file among the references is another's, without tools.
        const string Source = "{% if xml_tools %}Write <tool_call> for one of: {% for tool in xml_tools %}{{ tool | tojson }}{% endfor %}{% endif %}{{ messages[0].content }}";

        var found = ChatFormat.Detect(Template(Source));

        Assert.Equal(("hermes", "xml_tools"), (found.Name, found.ToolsVariable));
    }

    [Fact]
    public void Detect_EmptyTemplate_IsGeneric() => Assert.Equal("generic", ChatFormat.Detect(Template("")).Name);

    [Theory]
    [InlineData("Qwen-QwQ-32B", true)]
    [InlineData("MiniMax-M2", true)]
    [InlineData("deepseek-ai-DeepSeek-R1-Distill-Llama-8B", true)]
    [InlineData("Qwen-Qwen3-0.6B", false)]
    [InlineData("Qwen-Qwen2.5-7B-Instruct", false)]
    public void OpensReasoning_RenderedPrompt_TellsWhetherTheTemplateDid(string name, bool expected)
    {
        var template = Template(ReferenceTemplates.Source(name));
        var prompt = template.Render(new ChatPrompt { Messages = [new ChatMessage { Role = "user", Content = "Write <think>" }] });

        Assert.Equal(expected, ChatFormat.Detect(template).OpensReasoning(prompt));
    }

    [Fact]
    public void OpensReasoning_UserEndsThePromptWithTheMarker_IsFalse() =>
        Assert.False(Outputs.Format("hermes").OpensReasoning(new PromptText([new PromptSegment("<|user|>", true), new PromptSegment("<think>", false)])));

    [Fact]
    public void Parse_ModelOfATemplateThatIgnoresTools_ReadsItsOwnFormAndTheGenericOne()
    {
        var format = ChatFormat.Detect(Template(ReferenceTemplates.Source("deepseek-ai-DeepSeek-R1-Distill-Llama-8B")));

        var own = Outputs.Parse(format, WrittenOutputs.TwoCalls.Single(item => item.Name == "DeepSeek R1").Output);
        var generic = Outputs.Parse(format, WrittenOutputs.TwoCalls.Single(item => item.Name == "generic").Output);

        Assert.Equal((2, 2), (Outputs.Reply(own).Calls.Count, Outputs.Reply(generic).Calls.Count));
    }

    private static ChatTemplate Template(string source) => ChatTemplate.Parse(source, "<BOS>", "<EOS>", ReferenceTemplates.Clock);
}
