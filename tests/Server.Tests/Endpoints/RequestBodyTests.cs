using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace InferenceServer.Server.Tests.Endpoints;

/// <summary>What a body may be, and that no body at all gets a 5xx or an answer in another shape.</summary>
public sealed class RequestBodyTests
{
    private const string Good = """{"messages":[{"role":"user","content":"Hi \ud83d\ude00"}]}""";

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Body_OfAnyContentType_IsTaken(string? type)
    {
        await using var app = await TestApp.StartAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Good));
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        using var response = await app.Client.PostAsync("/v1/chat/completions", content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Body_WithByteOrderMark_IsTaken()
    {
        await using var app = await TestApp.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await PostAsync(app, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Good)]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("{} {}")]
    [InlineData("{\"messages\":[],}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud83d\"}]}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\ude00\\ud83d\"}]}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\\\\\uD83D\\\\uDE00\"}]}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"metadata\":{\"\\udc00\":1}}")]
    public async Task Body_Unreadable_IsBadRequest(string body)
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.ChatAsync(body);
        await AssertErrorAsync(response, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Body_NestedTooDeep_IsBadRequest()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.ChatAsync($$"""{"messages":{{new string('[', 100_000)}}{{new string(']', 100_000)}}}""");
        await AssertErrorAsync(response, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Body_InvalidUtf8_IsBadRequest()
    {
        await using var app = await TestApp.StartAsync();
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(app, [.. "{\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xFF, .. "\"}]}"u8]));
    }

    [Fact]
    public async Task Body_Compressed_IsUnsupported()
    {
        await using var app = await TestApp.StartAsync();
        using var buffer = new MemoryStream();
        await using (var zip = new GZipStream(buffer, CompressionMode.Compress, leaveOpen: true))
        {
            await zip.WriteAsync(Encoding.UTF8.GetBytes(Good));
        }

        using var content = new ByteArrayContent(buffer.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await app.Client.PostAsync("/v1/chat/completions", content);
        await AssertErrorAsync(response, HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_TooLarge_Is413(bool chunked)
    {
        await using var app = await TestApp.StartAsync(("Server:MaxRequestBodyBytes", "2048"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
        request.Content = new ByteArrayContent(new byte[10_000]);
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await app.Client.SendAsync(request);
        await AssertErrorAsync(response, HttpStatusCode.RequestEntityTooLarge, "request_too_large");
    }

    [Fact]
    public async Task Body_JustWithinLimit_IsTaken()
    {
        await using var app = await TestApp.StartAsync(("Server:MaxRequestBodyBytes", "2048"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(app, Encoding.UTF8.GetBytes(Good.PadRight(2048))));
    }

    [Fact]
    public async Task Body_OfMegabytes_IsTaken()
    {
        await using var app = await TestApp.StartAsync();
        var body = $$"""{"messages":[{"role":"user","content":"Hi"}],"user":"{{new string('x', 5_000_000)}}"}""";
        using var response = await app.ChatAsync(body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Body_Mutated_IsNeverAServersFault()
    {
        await using var app = await TestApp.StartAsync();
        var random = new Random(20_260_101);
        var seed = Encoding.UTF8.GetBytes(
            """{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Hi \u00e9"}]},{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]}],"temperature":0.5,"stop":["a"],"n":1,"logit_bias":{"5":1},"tools":[{"type":"function","function":{"name":"f"}}],"stream":false}""");
        string[] splices = ["null", "true", "-1", "1e400", "\"\\ud800\"", "[]", "{}", "[[[[", "}", "\"", ",", ":", "\\u", "99999999999999999999", "\0", "\u00ff"];
        for (var round = 0; round < 400; round++)
        {
            var body = seed.ToList();
            for (var edit = random.Next(1, 4); edit > 0; edit--)
            {
                var at = random.Next(body.Count);
                switch (random.Next(4))
                {
                    case 0:
                        body[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        body.RemoveRange(at, Math.Min(body.Count - at, random.Next(1, 12)));
                        break;
                    case 2:
                        body.InsertRange(at, Encoding.UTF8.GetBytes(splices[random.Next(splices.Length)]));
                        break;
                    default:
                        // A whole value for a value, so that the result often parses.
                        var colon = body.IndexOf((byte)':', at);
                        var end = colon < 0 ? -1 : body.FindIndex(colon, unit => unit is (byte)',' or (byte)'}' or (byte)']');
                        if (end > 0)
                        {
                            body.RemoveRange(colon + 1, end - colon - 1);
                            body.InsertRange(colon + 1, Encoding.UTF8.GetBytes(splices[random.Next(splices.Length)]));
                        }

                        break;
                }
            }

            using var content = new ByteArrayContent([.. body]);
            using var response = await app.Client.PostAsync("/v1/chat/completions", content);
            var status = (int)response.StatusCode;
            Assert.True(status is 200 or (>= 400 and < 500), $"{status} for {Encoding.UTF8.GetString([.. body])}");
            if (status != 200)
            {
                await AssertErrorAsync(response, response.StatusCode);
            }
        }
    }

    internal static async Task<JsonElement> AssertErrorAsync(HttpResponseMessage response, HttpStatusCode status, string? code = null)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.Contains("x-request-id"));
        using var document = JsonDocument.Parse(text);
        var error = document.RootElement.GetProperty("error");
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("type").GetString()!);
        Assert.True(error.GetProperty("param").ValueKind is JsonValueKind.String or JsonValueKind.Null);
        Assert.True(error.GetProperty("code").ValueKind is JsonValueKind.String or JsonValueKind.Null);
        if (code is not null)
        {
            Assert.Equal(code, error.GetProperty("code").GetString());
        }

        return error.Clone();
    }

    private static async Task<HttpStatusCode> PostAsync(TestApp app, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var response = await app.Client.PostAsync("/v1/chat/completions", content);
        return response.StatusCode;
    }
}
