using InferenceServer.Inference.Chat;

namespace InferenceServer.Inference.Tests.Chat;

public sealed class FinalMessageTests
{
    [Theory]
    [InlineData("The capital is", "The capital is")]
    [InlineData("assistant", "assistant")]
    [InlineData("ends with space ", "ends with space ")]
    public void Render_ContinuedMessage_EndsBehindItsText(string content, string expected)
    {
        var text = Render(ChatTemplate.FallbackSource, content);
        Assert.Equal($"<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n{expected}", text);
    }

    [Fact]
    public void Render_TemplateThatTrims_EndsBehindWhatItKept() =>
        Assert.Equal("[user: Hi][assistant: a b", Render("{% for m in messages %}[{{ m.role }}: {{ m.content | trim }}]{% endfor %}", " a b \n"));

    [Fact]
    public void Render_BlankMessage_OpensANewOne() =>
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", Render(ChatTemplate.FallbackSource, " "));

    [Fact]
    public void Render_TemplateThatChangesTheText_IsRefused()
    {
        var error = Assert.Throws<TemplateException>(() => Render("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "abc"));
        Assert.Contains("cannot be continued", error.Message, StringComparison.Ordinal);
    }

    private static string Render(string source, string content) => ChatTemplate.Parse(source, null, null).Render(new ChatPrompt
    {
        Messages = [new ChatMessage { Role = "user", Content = "Hi" }, new ChatMessage { Role = "assistant", Content = content }],
        AddGenerationPrompt = false,
        ContinueFinalMessage = true,
    }).ToString();
}
