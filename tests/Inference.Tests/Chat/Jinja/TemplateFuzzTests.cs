using System.Text;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Jinja;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Chat.Jinja;

/// <summary>Random mutations of the real templates: whatever they mean, they end soon and fail only in the two ways they may.</summary>
public sealed class TemplateFuzzTests
{
    private const int MutantsPerTemplate = 40;

    private static readonly RenderLimits Limits = new() { MaxSteps = 100_000, MaxTextLength = 100_000 };

    private static readonly string[] Fragments =
    [
        "{%", "%}", "{{", "}}", "{#", "#}", "-", "+", "|", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", ":", ",", ".", "~", "*", "**", "//", "%", "%s", "{}", "==", "\n", " ",
        "none", "true", "messages", "loop", "loop.", "1", "-1", "1.5", "10**9", "range(9)", "|length", "|tojson", "|list", "|join", "|items", "|sort", "|int", "|indent", "|first",
        "|map('upper')", "|selectattr('role')", "[::-1]", "[1:]", "[-1]", ".split()", ".items()", ".format(1)", " is defined", " is string", " in ", " not ", " if ", " else ",
        "{% set x = 1 %}", "{% endif %}", "{% endfor %}", "{% if x %}", "{% for x in messages %}", "{% break %}", "{% macro f(a) %}", "{% endmacro %}", "{{ f(1) }}", "😀", "ß", "\ud800",
    ];

    public static TheoryData<string> Templates => [.. ReferenceTemplates.Names];

    [Theory]
    [MemberData(nameof(Templates))]
    public void ParseAndRender_MutatedTemplate_ThrowsNothingElse(string name)
    {
        var source = ReferenceTemplates.Source(name);
        var random = new Random(name.Length * 7919);
        var parsed = 0;
        for (var i = 0; i < MutantsPerTemplate; i++)
        {
            var mutant = Mutate(source, random);
            try
            {
                var template = JinjaTemplate.Parse(mutant, Limits);
                parsed++;
                foreach (var context in ReferenceTemplates.Cases.EnumerateObject())
                {
                    Render(template, context.Value.EnumerateObject().ToDictionary(property => property.Name, property => JsonValues.Of(property.Value)));
                }
            }
            catch (TemplateSyntaxException)
            {
                // One of the two ways.
            }
        }

        Assert.True(parsed > 0, "No mutant could be parsed, so none was rendered.");
    }

    private static void Render(JinjaTemplate template, Dictionary<string, Value> variables)
    {
        try
        {
            template.Render(variables, ReferenceTemplates.Clock);
        }
        catch (TemplateException)
        {
            // The other way.
        }
    }

    private static string Mutate(string source, Random random)
    {
        var mutant = new StringBuilder(source);
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            var position = random.Next(mutant.Length);
            switch (random.Next(4))
            {
                case 0:
                    mutant.Remove(position, Math.Min(random.Next(1, 12), mutant.Length - position));
                    break;
                case 1:
                    var length = Math.Min(random.Next(1, 60), source.Length);
                    mutant.Insert(position, source.AsSpan(random.Next(source.Length - length + 1), length));
                    break;
                default:
                    mutant.Insert(position, Fragments[random.Next(Fragments.Length)]);
                    break;
            }
        }

        return mutant.ToString();
    }
}
