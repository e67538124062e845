using System.Text.Json;
using InferenceServer.Inference.Chat.Jinja;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Chat.Jinja;

/// <summary>Renders small templates; variables come as JSON and count as the request's.</summary>
internal static class Rendering
{
    public static string Text(string source, string variables = "{}") => Value(source, variables).Text;

    public static TextValue Value(string source, string variables = "{}", RenderLimits? limits = null)
    {
        using var document = JsonDocument.Parse(variables);
        var values = document.RootElement.EnumerateObject().ToDictionary(property => property.Name, property => JsonValues.Of(property.Value));
        return JinjaTemplate.Parse(source, limits).Render(values, ReferenceTemplates.Clock);
    }
}
