using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Tests.Endpoints;

namespace InferenceServer.Server.Tests.Hosting;

/// <summary>Paths and methods as clients really write them.</summary>
public sealed class RoutingTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("//", "/")]
    [InlineData("/v1/models/", "/v1/models")]
    [InlineData("//v1///models//", "/v1/models")]
    [InlineData("/v1/v1/models", "/v1/models")]
    [InlineData("/v1/v1/v1/models", "/v1/models")]
    [InlineData("/v1", "/v1")]
    [InlineData("/v1/v1", "/v1/v1")]
    [InlineData("/v12/models", "/v12/models")]
    public void Normalize_Path_HasOneForm(string path, string expected) => Assert.Equal(expected, PathNormalizer.Normalize(path));

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/models")]
    [InlineData("/v1/models/")]
    [InlineData("//v1//models")]
    [InlineData("/v1/v1/models")]
    [InlineData("/v1/models?limit=5")]
    public async Task Models_ByAnyPath_AreListed(string path)
    {
        await using var app = await TestApp.StartAsync();

        // Raw, since HttpClient would take a leading double slash for a host.
        Assert.StartsWith("HTTP/1.1 200", await RawAsync(app, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/chat/completions")]
    [InlineData("/v1/v1/chat/completions")]
    [InlineData("/v1/chat/completions/")]
    [InlineData("//chat/completions")]
    public async Task Chat_ByAnyPath_IsAnsweredWithoutRedirect(string path)
    {
        await using var app = await TestApp.StartAsync();
        const string Body = """{"messages":[{"role":"user","content":"Hi"}]}""";
        var answer = await RawAsync(app, $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}");
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/models/org/tiny", "org/tiny")]
    [InlineData("/v1/models/org%2Ftiny", "org/tiny")]
    [InlineData("/v1/models/org%2ftiny", "org/tiny")]
    [InlineData("/models/other%20name", "other name")]
    public async Task Model_WithSlashInItsId_IsFound(string path, string id)
    {
        await using var app = await TestApp.StartAsync(("Server:Alias", "org/tiny,other name"));
        using var document = JsonDocument.Parse(await app.Client.GetStringAsync(path));
        Assert.Equal(id, document.RootElement.GetProperty("id").GetString());
        Assert.Equal(TestApp.ContextLength, document.RootElement.GetProperty("max_model_len").GetInt32());
        Assert.Equal(TestApp.ContextLength, document.RootElement.GetProperty("meta").GetProperty("n_ctx").GetInt32());
    }

    [Fact]
    public async Task Model_Unknown_Is404()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.Client.GetAsync("/v1/models/gpt-4");
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.NotFound, "model_not_found");
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/tiny-chat")]
    [InlineData("/health")]
    [InlineData("/openapi/v1.json")]
    public async Task Head_WhereverGetIs_AnswersWithoutBody(string path)
    {
        await using var app = await TestApp.StartAsync();
        var answer = await RawAsync(app, $"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions", HttpStatusCode.MethodNotAllowed, "method_not_supported")]
    [InlineData("DELETE", "/v1/models", HttpStatusCode.MethodNotAllowed, "method_not_supported")]
    [InlineData("POST", "/health", HttpStatusCode.MethodNotAllowed, "method_not_supported")]
    [InlineData("GET", "/v1/nothing", HttpStatusCode.NotFound, "unknown_url")]
    [InlineData("POST", "/v1", HttpStatusCode.NotFound, "unknown_url")]
    public async Task Route_Wrong_GetsAnErrorBody(string method, string path, HttpStatusCode status, string code)
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        await RequestBodyTests.AssertErrorAsync(response, status, code);
    }

    [Theory]
    [InlineData("abc-1._Z", true)]
    [InlineData("has space", false)]
    [InlineData("x\u0001y", false)]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345", false)]
    public async Task RequestId_OfClient_IsKeptIfHarmless(string id, bool isKept)
    {
        await using var app = await TestApp.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.TryAddWithoutValidation("x-request-id", id);
        using var response = await app.Client.SendAsync(request);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            Assert.Equal(isKept, response.Headers.GetValues("x-request-id").Single() == id);
        }
        else
        {
            // The web server itself refuses control characters.
            Assert.False(isKept);
        }
    }

    [Theory]
    [InlineData("/health", HttpStatusCode.ServiceUnavailable)]
    [InlineData("/v1/health", HttpStatusCode.ServiceUnavailable)]
    [InlineData("/readyz", HttpStatusCode.ServiceUnavailable)]
    [InlineData("/livez", HttpStatusCode.OK)]
    [InlineData("/v1/models", HttpStatusCode.OK)]
    [InlineData("/", HttpStatusCode.OK)]
    public async Task Loading_Server_AnswersWhatItCan(string path, HttpStatusCode status)
    {
        await using var app = await TestApp.StartAsync(new Testing.FakeEngine { State = Inference.Engine.EngineState.Loading });
        using var response = await app.Client.GetAsync(path);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.ServiceUnavailable, response.Headers.RetryAfter is not null);
    }

    [Fact]
    public async Task OpenApi_Document_DescribesChatCompletely()
    {
        await using var app = await TestApp.StartAsync();
        using var document = JsonDocument.Parse(await app.Client.GetStringAsync("/openapi/v1.json"));
        var root = document.RootElement;
        var paths = root.GetProperty("paths");
        Assert.Equal(
            [
                "/", "/api/chat", "/api/generate", "/api/hello", "/api/ps", "/api/show", "/api/tags", "/api/version", "/apply-template", "/completion", "/detokenize", "/infill", "/livez",
                "/metrics", "/props", "/readyz", "/slots", "/snapshots", "/tokenize", "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/health",
                "/v1/messages", "/v1/messages/count_tokens", "/v1/models", "/v1/models/{id}", "/v1/rerank", "/v1/responses", "/v1/responses/input_tokens", "/v1/responses/{id}", "/v1/responses/{id}/cancel",
                "/v1/responses/{id}/input_items",
            ],
            paths.EnumerateObject().Select(path => path.Name).Order(StringComparer.Ordinal));
        var chat = paths.GetProperty("/v1/chat/completions").GetProperty("post");
        var request = Resolve(root, chat.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema"));
        Assert.Equal(
            OpenAi.OpenAiJson.Wire.ChatCompletionRequest.Properties.Select(property => property.Name).Order(),
            request.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order());
        Assert.Contains("0 always picks", request.GetProperty("properties").GetProperty("temperature").GetProperty("description").GetString(), StringComparison.Ordinal);
        var ok = chat.GetProperty("responses").GetProperty("200").GetProperty("content");
        Assert.True(Resolve(root, ok.GetProperty("application/json").GetProperty("schema")).GetProperty("properties").TryGetProperty("usage", out _));
        Assert.True(Resolve(root, ok.GetProperty("text/event-stream").GetProperty("schema")).GetProperty("properties").TryGetProperty("choices", out _));
        foreach (var status in new[] { "400", "401", "403", "404", "413", "415", "429", "500", "503" })
        {
            var error = chat.GetProperty("responses").GetProperty(status).GetProperty("content").GetProperty("application/json").GetProperty("schema");
            Assert.True(Resolve(root, error).GetProperty("properties").TryGetProperty("error", out _));
        }
    }

    [Fact]
    public async Task OpenApi_Document_DescribesEveryField()
    {
        await using var app = await TestApp.StartAsync();
        using var document = JsonDocument.Parse(await app.Client.GetStringAsync("/openapi/v1.json"));
        (string Path, JsonTypeInfo Type)[] bodies =
        [
            ("/v1/messages", Server.Anthropic.AnthropicJson.Wire.MessagesRequest),
            ("/v1/messages/count_tokens", Server.Anthropic.AnthropicJson.Wire.MessagesRequest),
            ("/api/chat", Server.Ollama.OllamaJson.Wire.OllamaChatRequest),
            ("/api/generate", Server.Ollama.OllamaJson.Wire.OllamaGenerateRequest),
            ("/api/show", Server.Ollama.OllamaJson.Wire.OllamaShowRequest),
            ("/completion", Server.LlamaServer.LlamaServerJson.Wire.NativeCompletionRequest),
            ("/infill", Server.LlamaServer.LlamaServerJson.Wire.NativeInfillRequest),
            ("/v1/embeddings", OpenAi.OpenAiJson.Wire.EmbeddingsRequest),
            ("/v1/rerank", OpenAi.OpenAiJson.Wire.RerankRequest),
            ("/tokenize", OpenAi.OpenAiJson.Wire.TokenizeRequest),
            ("/detokenize", OpenAi.OpenAiJson.Wire.DetokenizeRequest),
            ("/v1/responses", OpenAi.OpenAiJson.Wire.ResponseRequest),
            ("/v1/responses/input_tokens", OpenAi.OpenAiJson.Wire.ResponseRequest),
        ];
        foreach (var (path, type) in bodies)
        {
            var content = document.RootElement.GetProperty("paths").GetProperty(path).GetProperty("post").GetProperty("requestBody").GetProperty("content");
            var schema = Resolve(document.RootElement, content.GetProperty("application/json").GetProperty("schema"));
            Assert.Equal(
                type.Properties.Select(property => property.Name).Order(), schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order());
        }
    }

    [Fact]
    public async Task OpenApi_Document_HasEveryRoutesRequestAndAnswers()
    {
        await using var app = await TestApp.StartAsync();
        using var document = JsonDocument.Parse(await app.Client.GetStringAsync("/openapi/v1.json"));
        var root = document.RootElement;
        var missing = new List<string>();
        foreach (var path in root.GetProperty("paths").EnumerateObject())
        {
            foreach (var method in path.Value.EnumerateObject())
            {
                var (route, operation) = ($"{method.Name} {path.Name}", method.Value);
                Check(route, operation.TryGetProperty("summary", out var summary) && summary.GetString()!.Length > 0, "a summary");
                var fields = operation.TryGetProperty("requestBody", out var body) ? Members(body) : [];
                Check(route, method.Name != "post" || path.Name.EndsWith("/cancel", StringComparison.Ordinal) || fields.Length > 0, "the request's fields");
                var ok = operation.GetProperty("responses").GetProperty("200");
                var types = ok.TryGetProperty("content", out var content) ? content.EnumerateObject().Select(type => type.Name).ToArray() : [];
                Check(route, types is ["text/plain"] || (types.Length > 0 && Members(ok).Length > 0), "the answer's fields");
                Check(route, !fields.Contains("stream") || path.Name.EndsWith("_tokens", StringComparison.Ordinal) || path.Name == "/apply-template" || types.Length == 2, "the stream's fields");
                foreach (var error in operation.GetProperty("responses").EnumerateObject().Where(response => response.Name[0] is '4' or '5'))
                {
                    Check(route, Members(error.Value).Length > 0, $"the fields of {error.Name}");
                }
            }
        }

        Assert.Empty(missing);

        void Check(string route, bool isThere, string what)
        {
            if (!isThere)
            {
                missing.Add($"{route}: {what}");
            }
        }

        // Of all content types; an array's are those of its items, an alternative's those of each.
        string[] Members(JsonElement holder) =>
            holder.TryGetProperty("content", out var content) && content.EnumerateObject().Select(type => Names(type.Value.GetProperty("schema"))).ToArray() is var lists && lists.All(list => list.Length > 0)
                ? [.. lists.SelectMany(list => list)]
                : [];

        string[] Names(JsonElement schema)
        {
            schema = Resolve(root, schema);
            return schema.TryGetProperty("items", out var items) ? Names(items)
                : schema.TryGetProperty("oneOf", out var either) || schema.TryGetProperty("anyOf", out either) ? [.. either.EnumerateArray().SelectMany(Names)]
                : schema.TryGetProperty("properties", out var properties) ? [.. properties.EnumerateObject().Select(property => property.Name)]
                : [];
        }
    }

    [Fact]
    public async Task OpenApi_Document_DescribesResponsesAndTheirEvents()
    {
        await using var app = await TestApp.StartAsync();
        using var document = JsonDocument.Parse(await app.Client.GetStringAsync("/openapi/v1.json"));
        var ok = document.RootElement.GetProperty("paths").GetProperty("/v1/responses").GetProperty("post").GetProperty("responses").GetProperty("200").GetProperty("content");
        foreach (var (contentType, type) in new (string, JsonTypeInfo)[] { ("application/json", OpenAi.OpenAiJson.Wire.ResponseBody), ("text/event-stream", OpenAi.OpenAiJson.Wire.ResponseEvent) })
        {
            var schema = Resolve(document.RootElement, ok.GetProperty(contentType).GetProperty("schema"));
            Assert.Equal(
                type.Properties.Select(property => property.Name).Order(), schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order());
        }
    }

    private static JsonElement Resolve(JsonElement root, JsonElement schema)
    {
        if (!schema.TryGetProperty("$ref", out var reference))
        {
            return schema;
        }

        var target = root;
        foreach (var part in reference.GetString()!.TrimStart('#', '/').Split('/'))
        {
            target = target.GetProperty(part);
        }

        return target;
    }

    private static async Task<string> RawAsync(TestApp app, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, app.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(TestApp.Patience);
    }
}
