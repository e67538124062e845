using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Jinja;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Chat.Jinja;

/// <summary>Every real template over every conversation, against the text that Python's jinja2 rendered.</summary>
public sealed class ReferenceTemplateTests
{
    private const string TemplateError = "TemplateError: ";

    public static TheoryData<string> Templates => [.. ReferenceTemplates.Names];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Render_RealTemplate_EqualsPython(string name)
    {
        var template = JinjaTemplate.Parse(ReferenceTemplates.Source(name));

        foreach (var expected in ReferenceTemplates.Expected(name).EnumerateObject())
        {
            var variables = Variables(ReferenceTemplates.Cases.GetProperty(expected.Name));
            if (expected.Value.TryGetProperty("text", out var text))
            {
                Assert.Equal($"{expected.Name}: {text.GetString()}", $"{expected.Name}: {template.Render(variables, ReferenceTemplates.Clock).Text}");
            }
            else if (expected.Value.GetProperty("error").GetString()! is var error && error.StartsWith(TemplateError, StringComparison.Ordinal))
            {
                var failure = Assert.Throws<TemplateException>(() => template.Render(variables, ReferenceTemplates.Clock));
                Assert.Equal(TemplateErrorKind.Raised, failure.Kind);
                Assert.Equal(error[TemplateError.Length..], failure.Message);
            }
            else
            {
                RenderOrFail(template, variables);
            }
        }
    }

    [Fact]
    public void Reference_HasAllTemplatesAndTexts()
    {
        var outcomes = ReferenceTemplates.Names.SelectMany(name => ReferenceTemplates.Expected(name).EnumerateObject()).ToList();

        Assert.Equal(24, ReferenceTemplates.Names.Count);
        Assert.Equal(231, outcomes.Count(outcome => outcome.Value.TryGetProperty("text", out _)));
    }

    // Where Python failed on a type, both an answer and a failure are fine; a bug of ours is not.
    private static void RenderOrFail(JinjaTemplate template, Dictionary<string, Value> variables)
    {
        try
        {
            template.Render(variables, ReferenceTemplates.Clock);
        }
        catch (TemplateException failure)
        {
            Assert.Equal(TemplateErrorKind.Evaluation, failure.Kind);
        }
    }

    private static Dictionary<string, Value> Variables(JsonElement context)
    {
        var variables = context.EnumerateObject().ToDictionary(property => property.Name, property => JsonValues.Of(property.Value));
        variables["bos_token"] = TextValue.OfTemplate("<BOS>");
        variables["eos_token"] = TextValue.OfTemplate("<EOS>");
        return variables;
    }
}
