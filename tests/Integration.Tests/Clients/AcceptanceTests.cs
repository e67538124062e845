using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using InferenceServer.Server.Endpoints;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>What clients rely on, over raw HTTP and the embedded model. docs/acceptance.md numbers these checks.</summary>
[Collection(ClientCollection.Name)]
public sealed class AcceptanceTests(ClientCollection.Fixture fixture)
{
    private RunningServer Server => fixture.Server;

    /// <summary>Check 5.</summary>
    [Fact]
    public async Task Stream_UsageAskedForOrNot_DiffersByOneChunkAndTheKey()
    {
        var without = await Sse.ChatAsync(Server, Chats.Capital());
        var with = await Sse.ChatAsync(Server, Chats.Capital(("stream_options", new { include_usage = true })));

        Assert.Equal(without.Length + 1, with.Length);
        Assert.All(without, chunk => Assert.False(chunk.TryGetProperty("usage", out _)));
        Assert.All(with[..^1], chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        Assert.Equal(0, with[^1].GetProperty("choices").GetArrayLength());
        Assert.True(with[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0);
        Assert.Equal(Sse.Text(without), Sse.Text(with));
    }

    /// <summary>
    /// Check 6: the choices of one stream are those of three requests with the seeds that the server gives to choices. On a tiny model and a quantized
    /// cache: with the embedded one the last bits of logits, and so at some place a token, depend on what runs in the same batch.
    /// </summary>
    [Fact]
    public async Task Stream_OfThreeChoices_IsThreeSeedsAndOneChoiceAChunk()
    {
        const int Seed = 11;
        var folder = Directory.CreateTempSubdirectory("tiny-");
        try
        {
            var path = Path.Combine(folder.FullName, "tiny.gguf");
            TinyModel.Create(new TinyModelOptions()).WriteTo(path);
            await using var server = await RunningServer.StartAsync(("Inference:ModelPath", path), ("Inference:KvCacheType", "q8_0"), ("Inference:Context", "1024"), ("Inference:Threads", "1"));
            (string, object?)[] fields = [("temperature", 1), ("guided_regex", "[a-z]{20}"), ("logprobs", true), ("seed", Seed)];
            var chunks = await Sse.ChatAsync(server, Chats.Capital([.. fields, ("n", 3)]));

            Assert.All(chunks, chunk => Assert.Equal(1, chunk.GetProperty("choices").GetArrayLength()));
            Assert.Equal([0, 1, 2], chunks.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("index").GetInt32()).Distinct());
            var texts = Enumerable.Range(0, 3).Select(choice => Sse.Text(chunks, choice)).ToArray();
            Assert.Equal(3, texts.Distinct().Count());
            for (var choice = 0; choice < 3; choice++)
            {
                var alone = await server.AnswerAsync(Chats.Capital([.. fields[..^1], ("seed", SamplingResolver.SeedOf(Seed, choice))]));
                Assert.Equal(alone.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), texts[choice]);
                Assert.Single(Sse.Deltas(chunks, choice), delta => delta.TryGetProperty("role", out _));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Check 7: the vocabulary has no token for these characters, so every one of them is cut by tokens.</summary>
    [Fact]
    public async Task Stream_CharactersCutByTokens_ArriveWholeAndTheirBytesAreTheText()
    {
        for (var seed = 0; seed < 2; seed++)
        {
            (string, object?)[] fields = [("guided_regex", "[😀-🙏一-龥]{6}"), ("temperature", 1), ("seed", seed), ("logprobs", true)];
            var chunks = await Sse.ChatAsync(Server, Chats.Capital(fields));
            var text = Sse.Text(chunks);
            Assert.Equal(6, text.EnumerateRunes().Count());
            Assert.All(Sse.Deltas(chunks), delta => Assert.DoesNotContain('\uFFFD', delta.GetRawText()));

            var choices = chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).ToArray();
            byte[] bytes = [.. choices.Select(choice => choice.GetProperty("logprobs")).Where(logProbs => logProbs.ValueKind == JsonValueKind.Object).SelectMany(BytesOf)];
            Assert.Equal(text, Encoding.UTF8.GetString(bytes));

            // What is within one chunk is that chunk's text: entries are held back with their characters.
            Assert.All(choices.Where(choice => choice.GetProperty("logprobs").ValueKind == JsonValueKind.Object), choice =>
                Assert.Equal(choice.GetProperty("delta").GetProperty("content").GetString(), Encoding.UTF8.GetString([.. BytesOf(choice.GetProperty("logprobs"))])));

            // Without log probabilities tokens that must come are not sampled: the same kind of text.
            Assert.Equal(6, Sse.Text(await Sse.ChatAsync(Server, Chats.Capital(fields[..3]))).EnumerateRunes().Count());
        }
    }

    /// <summary>Check 8.</summary>
    [Fact]
    public async Task Stream_StopTextOverSeveralTokens_IsNeverSent()
    {
        var chunks = await Sse.ChatAsync(Server, Chats.Capital(("stop", new[] { "pital of Fra" })));

        Assert.Equal("The ca", Sse.Text(chunks));
        Assert.Equal("stop", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        var whole = await Server.AnswerAsync(Chats.Capital(("stop", "pital of Fra")));
        Assert.Equal("The ca", whole.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    /// <summary>Check 9.</summary>
    [Theory]
    [InlineData("/v1/chat/completions", "messages")]
    [InlineData("/v1/completions", "prompt")]
    [InlineData("/v1/responses", "input")]
    public async Task Prompt_OverTheContext_IsRefusedBeforeTheFirstByte(string path, string param)
    {
        var words = Chats.Words(9000, 1);
        foreach (var stream in new[] { false, true })
        {
            var body = new Dictionary<string, object?> { ["stream"] = stream, [param] = param == "messages" ? new[] { new { role = "user", content = words } } : words };
            var error = await RefusedAsync(path, body);
            Assert.Equal(("context_length_exceeded", param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
            Assert.Contains("maximum context length", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    /// <summary>Check 10.</summary>
    [Theory]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"text"}}}}""", "response_format")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"$ref":"#/$defs/nowhere"}}}}""", "response_format")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"string","pattern":"("}}}}""", "response_format")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"array","uniqueItems":true}}}}""", "response_format")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"$ref":"#/x"}}}}}]}""", "tools[0].function.parameters")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"pattern":"["}}}}}],"tool_choice":"required"}""", "tools[0].function.parameters")]
    [InlineData("""{"guided_regex":"a{5,2}"}""", "guided_regex")]
    [InlineData("""{"grammar":"root ::= root 'a'"}""", "grammar")]
    [InlineData("""{"json_schema":"{"}""", "json_schema")]
    public async Task Form_ThatIsNone_IsRefusedBeforeTheFirstByte(string fields, string param)
    {
        foreach (var stream in new[] { false, true })
        {
            var body = Chats.Capital([("stream", stream), .. JsonElement.Parse(fields).EnumerateObject().Select(field => (field.Name, (object?)field.Value))]);
            var error = await RefusedAsync("/v1/chat/completions", body);
            Assert.Equal(("invalid_json_schema", param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        }
    }

    /// <summary>Check 11: the connection is reset, as by a process that was killed.</summary>
    [Fact]
    public async Task Client_KilledInMidStream_FreesItsPlace()
    {
        await Server.WaitUntilIdleAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Server.Address.Port);
        var body = JsonSerializer.SerializeToUtf8Bytes(Chats.Body("Tell a long story.", ("max_tokens", 5000), ("ignore_eos", true), ("stream", true)));
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {body.Length}\r\n\r\n"));
        await stream.WriteAsync(body);
        var received = "";
        var buffer = new byte[4096];
        while (received.Split("data: ").Length < 10)
        {
            received += Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer));
        }

        client.LingerState = new LingerOption(true, 0);
        client.Close();
        var atClose = Server.Stats;
        var after = await Server.WaitUntilIdleAsync();

        // A token or two until the web server notices; many more only on a machine that has no time for it, and never the five thousand.
        Assert.InRange(after.NumOutputTokens - atClose.NumOutputTokens, 0, 200);
    }

    /// <summary>Check 12.</summary>
    [Fact]
    public async Task Paths_AsClientsWriteThem_AreAnswered()
    {
        await using var server = await RunningServer.StartAsync(new FakeEngine(), ("Server:Alias", "org/name"));
        foreach (var (method, path) in new[] { ("GET", "/v1/models/org%2Fname"), ("GET", "/v1/models/org/name"), ("GET", "/models/org/name"), ("HEAD", "/"), ("HEAD", "/api/hello"), ("HEAD", "/v1/models"), ("GET", "//v1/models/") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.Address.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
            using var response = await server.Client.SendAsync(request);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{method} {path}: {response.StatusCode}");
        }

        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions");
        preflight.Headers.Add("Origin", "http://localhost:3000");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,x-stainless-os");
        using var allowed = await server.Client.SendAsync(preflight);
        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        var headers = string.Join(',', allowed.Headers.GetValues("Access-Control-Allow-Headers"));
        Assert.Contains("authorization", headers, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-stainless-os", headers, StringComparison.OrdinalIgnoreCase);
    }

    private static IEnumerable<byte> BytesOf(JsonElement logProbs) =>
        logProbs.GetProperty("content").EnumerateArray().SelectMany(entry => entry.GetProperty("bytes").EnumerateArray().Select(value => value.GetByte()));

    private async Task<JsonElement> RefusedAsync(string path, Dictionary<string, object?> body)
    {
        using var response = await Server.Client.PostAsJsonAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{response.StatusCode}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonElement.Parse(text).GetProperty("error");
    }
}
