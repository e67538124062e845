using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Server.Tests.Endpoints;

/// <summary>Schemas in every dialect that takes them: what is enforced, what is enforced in part, what is not, and what is refused.</summary>
public sealed class DialectFormTests
{
    // Weak holds a keyword that cannot be enforced, Bad is no schema.
    private const string Weak = """{"type":"object","properties":{"city":{"type":"string","not":{"const":"Rome"}}},"required":["city"],"additionalProperties":false}""";
    private const string Bad = """{"type":"object","properties":{"city":{"$ref":"#/nowhere"}}}""";
    private const string PlaceOfWeak = "#/properties/city/not";
    private const string PlaceOfBad = "#/properties/city/$ref";

    private static readonly (string, string?) Qwen3 = ("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B"));

    // SCHEMA and STRICT are put in.
    private static readonly Dictionary<string, (string Path, string Body)> Tools = new()
    {
        ["chat"] = ("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f","strict":STRICT,"parameters":SCHEMA}}]}"""),
        ["response"] = ("/v1/responses", """{"input":"Hi","tools":[{"type":"function","name":"f","strict":STRICT,"parameters":SCHEMA}]}"""),
        ["message"] = ("/v1/messages", """{"max_tokens":20,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f","strict":STRICT,"input_schema":SCHEMA}]}"""),
        ["ollama"] = ("/api/chat", """{"messages":[{"role":"user","content":"Hi"}],"stream":false,"tools":[{"type":"function","function":{"name":"f","strict":STRICT,"parameters":SCHEMA}}]}"""),
    };

    private static readonly Dictionary<string, (string Path, string Body)> Formats = new()
    {
        ["chat"] = ("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":STRICT,"schema":SCHEMA}}}"""),
        ["completion"] = ("/v1/completions", """{"prompt":"Hi","response_format":{"type":"json_schema","json_schema":{"name":"n","strict":STRICT,"schema":SCHEMA}}}"""),
        ["response"] = ("/v1/responses", """{"input":"Hi","text":{"format":{"type":"json_schema","name":"n","strict":STRICT,"schema":SCHEMA}}}"""),
        ["ollama"] = ("/api/chat", """{"messages":[{"role":"user","content":"Hi"}],"stream":false,"format":SCHEMA}"""),
        ["ollama-generate"] = ("/api/generate", """{"prompt":"Hi","stream":false,"format":SCHEMA}"""),
        ["native"] = ("/completion", """{"prompt":"Hi","json_schema":SCHEMA}"""),
        ["message"] = ("/v1/messages", """{"max_tokens":20,"messages":[{"role":"user","content":"Hi"}],"output_config":{"format":{"type":"json_schema","schema":SCHEMA}}}"""),
    };

    [Theory]
    [InlineData("chat")]
    [InlineData("response")]
    [InlineData("message")]
    [InlineData("ollama")]
    public async Task Tool_NotStrictUnderAuto_IsNeverRefused(string dialect)
    {
        foreach (var schema in new[] { Weak, Bad })
        {
            await using var app = await TestApp.StartAsync(Qwen3);
            using var response = await SendAsync(app, Tools[dialect], schema, isStrict: false);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            Assert.Null(Assert.Single(app.Engine.Generations).Request.Grammar);
        }
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("response")]
    [InlineData("message")]
    [InlineData("ollama")]
    public async Task Tool_StrictThatCannotBeEnforced_IsRefusedAtItsPlace(string dialect)
    {
        await AssertRefusedAsync(Tools[dialect], Weak, isStrict: true, PlaceOfWeak);
        await AssertRefusedAsync(Tools[dialect], Bad, isStrict: true, PlaceOfBad);
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("completion")]
    [InlineData("response")]
    [InlineData("message")]
    public async Task Format_StrictThatCannotBeEnforced_IsRefusedAtItsPlace(string dialect) => await AssertRefusedAsync(Formats[dialect], Weak, isStrict: true, PlaceOfWeak);

    [Theory]
    [InlineData("chat")]
    [InlineData("completion")]
    [InlineData("response")]
    [InlineData("ollama")]
    [InlineData("ollama-generate")]
    [InlineData("native")]
    public async Task Format_NotStrict_IsEnforcedInPartAndTheLogSaysWhatIsNot(string dialect)
    {
        using var log = new Collector();
        await using var app = await TestApp.StartAsync(new FakeEngine(), new FixedClock(), log, Qwen3);
        using var response = await SendAsync(app, Formats[dialect], Weak, isStrict: false);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        Assert.NotNull(Assert.Single(app.Engine.Generations).Request.Grammar);
        Assert.Single(log.Lines, line => line.Contains("enforced in part", StringComparison.Ordinal) && line.Contains(PlaceOfWeak, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("completion")]
    [InlineData("response")]
    [InlineData("message")]
    [InlineData("ollama")]
    [InlineData("ollama-generate")]
    [InlineData("native")]
    public async Task Format_ThatIsNoSchema_IsRefusedAtItsPlace(string dialect) => await AssertRefusedAsync(Formats[dialect], Bad, isStrict: false, PlaceOfBad);

    private static async Task AssertRefusedAsync((string Path, string Body) request, string schema, bool isStrict, string place)
    {
        await using var app = await TestApp.StartAsync(Qwen3);
        using var response = await SendAsync(app, request, schema, isStrict);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, text);
        var error = JsonElement.Parse(text).GetProperty("error");
        Assert.Contains(place, error.ValueKind == JsonValueKind.String ? error.GetString() : error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(app.Engine.Generations);
    }

    private static Task<HttpResponseMessage> SendAsync(TestApp app, (string Path, string Body) request, string schema, bool isStrict) =>
        app.PostAsync(request.Path, request.Body.Replace("SCHEMA", schema, StringComparison.Ordinal).Replace("STRICT", isStrict ? "true" : "false", StringComparison.Ordinal));

    private sealed class Collector : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
