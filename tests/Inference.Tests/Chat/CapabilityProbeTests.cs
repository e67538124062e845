using InferenceServer.Inference.Chat;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Chat;

public sealed class CapabilityProbeTests
{
    [Theory]
    [InlineData("Qwen-Qwen2.5-7B-Instruct", "Anywhere")]
    [InlineData("meta-llama-Llama-3.3-70B-Instruct", "Anywhere")]
    [InlineData("HuggingFaceTB-SmolLM3-3B", "FirstOnly")]
    [InlineData("mistralai-Mistral-Nemo-Instruct-2407", "FirstOnly alternating shortIds")]
    [InlineData("Mistral-Small-3.2-24B-Instruct-2506", "FirstOnly alternating shortIds parts:assistant,user")]
    [InlineData("deepseek-ai-DeepSeek-R1-Distill-Llama-8B", "FirstOnly argumentText Null")]
    [InlineData("deepseek-ai-DeepSeek-V3.1", "Anywhere")]
    [InlineData("google-gemma-2-2b-it", "None alternating")]
    [InlineData("google-gemma-4-31B-it", "Anywhere developer reasoning_content,reasoning parts:assistant,tool,user")]
    [InlineData("Kimi-K2-Instruct", "Anywhere parts:assistant,system,tool,user")]
    [InlineData("MiniMax-M2", "FirstOnly parts:assistant,system,tool,user")]
    [InlineData("GLM-4.6", "Anywhere parts:assistant,system,user")]
    [InlineData("openai-gpt-oss-120b", "FirstOnly developer thinking refusesText")]
    public void Parse_RealTemplate_FindsWhatItWants(string name, string expected) =>
        Assert.Equal(expected, Describe(ReferenceTemplates.Source(name)));

    [Theory]
    [InlineData("{% for m in messages %}{% for c in m.content %}{{ c.text }}{% endfor %}{% endfor %}", "Anywhere onlyParts parts:assistant,system,tool,user")]
    [InlineData("{% for m in messages %}{{ m.content }}{% for t in m.tool_calls %}{{ t.function.arguments }}{% endfor %}{% endfor %}", "Anywhere argumentText")]
    [InlineData("{% for m in messages %}{% if 'content' not in m %}{{ m.tool_calls[0].function.arguments|tojson }}{% else %}{{ m.content }}{% endif %}{% endfor %}", "Anywhere Missing")]
    [InlineData("{{ raise_exception('no') }}", "None")]
    [InlineData("{{ messages[0].content + 1 }}", "None")]
    [InlineData("", "None")]
    public void Parse_SmallTemplate_FindsWhatItWants(string source, string expected) => Assert.Equal(expected, Describe(source));

    private static string Describe(string source)
    {
        var found = ChatTemplate.Parse(source, "<BOS>", "<EOS>", ReferenceTemplates.Clock).Capabilities;
        string?[] words =
        [
            found.System.ToString(),
            found.RequiresAlternation ? "alternating" : null,
            found.RequiresShortCallIds ? "shortIds" : null,
            found.AcceptsDeveloper ? "developer" : null,
            found.WantsArgumentsAsText ? "argumentText" : null,
            found.EmptyContent == EmptyContent.EmptyText ? null : found.EmptyContent.ToString(),
            found.ReasoningNames is ["reasoning_content"] ? null : string.Join(',', found.ReasoningNames),
            found.RefusesTextBesideReasoning ? "refusesText" : null,
            found.RequiresParts ? "onlyParts" : null,
            found.TypedRoles.IsEmpty ? null : "parts:" + string.Join(',', found.TypedRoles.Order()),
        ];
        return string.Join(' ', words.Where(word => word is not null));
    }
}
