using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>A custom tool takes a text; to the model it is a function with the one argument <c>input</c>.</summary>
internal static class CustomCall
{
    /// <summary>The arguments that stand for a text.</summary>
    public static string ToArguments(string input) => $$"""{"input":{{JsonSerializer.Serialize(input, TemplateJson.Default.String)}}}""";
}
