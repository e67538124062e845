using System.Text.Json;
using InferenceServer.Server.Anthropic;
using InferenceServer.Server.LlamaServer;
using InferenceServer.Server.Ollama;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Web;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests;

public sealed class ApiPageTests
{
    [Fact]
    public async Task Page_AgainstContract_NamesEveryField()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "docs", "api.md"));
        var fields = OpenAiJson.Wire.ChatCompletionRequest.Properties
            .Concat(OpenAiJson.Wire.ChatRequestMessage.Properties)
            .Concat(OpenAiJson.Wire.CompletionRequest.Properties)
            .Concat(OpenAiJson.Wire.EmbeddingsRequest.Properties)
            .Concat(OpenAiJson.Wire.RerankRequest.Properties)
            .Concat(OpenAiJson.Wire.TokenizeRequest.Properties)
            .Concat(OpenAiJson.Wire.DetokenizeRequest.Properties)
            .Concat(AnthropicJson.Wire.MessagesRequest.Properties)
            .Concat(OpenAiJson.Wire.ResponseRequest.Properties)
            .Concat(OllamaJson.Wire.OllamaChatRequest.Properties)
            .Concat(OllamaJson.Wire.OllamaMessage.Properties)
            .Concat(OllamaJson.Wire.OllamaGenerateRequest.Properties)
            .Concat(OllamaJson.Wire.OllamaShowRequest.Properties)
            .Concat(LlamaServerJson.Wire.NativeCompletionRequest.Properties)
            .Concat(LlamaServerJson.Wire.NativeInfillRequest.Properties);
        Assert.All(fields, field => Assert.Contains($"`{field.Name}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_AgainstRoutes_NamesEveryOne()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "docs", "api.md"));
        await using var app = await TestApp.StartAsync();
        using var description = JsonDocument.Parse(await app.Client.GetStringAsync("/openapi/v1.json"));
        var routes = description.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        Assert.All(routes, route => Assert.Contains($"`{route}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_AgainstSnapshots_NamesEveryField()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "docs", "api.md"));
        Assert.All(SnapshotJson.Default.Snapshot.Properties, field => Assert.Contains($"`{field.Name}`", page, StringComparison.Ordinal));
    }
}
