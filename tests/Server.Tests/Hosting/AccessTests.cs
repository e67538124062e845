using System.Net;
using InferenceServer.Server.Access;
using InferenceServer.Server.Tests.Endpoints;

namespace InferenceServer.Server.Tests.Hosting;

/// <summary>Who is answered: host names, web origins, keys.</summary>
public sealed class AccessTests
{
    private const string Hi = """{"messages":[{"role":"user","content":"Hi"}]}""";

    [Theory]
    [InlineData("localhost:8080")]
    [InlineData("LOCALHOST")]
    [InlineData("app.localhost:1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.1:80")]
    [InlineData("[::1]:8080")]
    [InlineData("host.docker.internal:8080")]
    [InlineData("box.lan")]
    public async Task Host_OursWithoutKey_IsAnswered(string host)
    {
        await using var app = await TestApp.StartAsync(("Server:AllowedHosts:0", "box.lan"));
        using var response = await GetAsync(app, "/v1/models", ("Host", host));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8080")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("192.168.1.5:8080")]
    [InlineData("notlocalhost")]
    public async Task Host_StrangeWithoutKey_IsForbidden(string host)
    {
        await using var app = await TestApp.StartAsync();
        using var response = await GetAsync(app, "/v1/models", ("Host", host));
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Host_AddressOnInsecureServer_IsAnsweredAndNameIsNot()
    {
        await using var app = await TestApp.StartAsync(("Server:Insecure", "true"));
        using var address = await GetAsync(app, "/v1/models", ("Host", "192.168.1.5:8080"));
        Assert.Equal(HttpStatusCode.OK, address.StatusCode);
        using var name = await GetAsync(app, "/v1/models", ("Host", "evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, name.StatusCode);
    }

    [Fact]
    public async Task Host_StrangeWithKey_IsTheKeysBusiness()
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await GetAsync(app, "/v1/models", ("Host", "evil.example"), ("Authorization", "Bearer secret"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("http://localhost:3000")]
    [InlineData("https://localhost")]
    [InlineData("http://127.0.0.1:5173")]
    [InlineData("http://[::1]:9")]
    [InlineData("https://chat.example")]
    public async Task Origin_Allowed_MayReadTheAnswer(string origin)
    {
        await using var app = await TestApp.StartAsync(("Server:AllowedOrigins:0", "https://chat.example"));
        using var response = await GetAsync(app, "/v1/models", ("Origin", origin));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(origin, response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("Origin", response.Headers.Vary);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("https://localhost.evil.example")]
    [InlineData("https://chat.example.evil")]
    [InlineData("file://localhost")]
    [InlineData("null")]
    public async Task Origin_Strange_NeitherReadsNorActs(string origin)
    {
        await using var app = await TestApp.StartAsync(("Server:AllowedOrigins:0", "https://chat.example"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Hi) };
        request.Headers.TryAddWithoutValidation("Origin", origin);
        using var response = await app.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Empty(app.Engine.Generations);
    }

    [Fact]
    public async Task Origin_StrangeWithKey_ActsButDoesNotRead()
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await GetAsync(app, "/v1/models", ("Origin", "https://evil.example"), ("x-api-key", "secret"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Origin_AnyAllowedByStar_MayRead()
    {
        await using var app = await TestApp.StartAsync(("Server:AllowedOrigins:0", "*"));
        using var response = await GetAsync(app, "/v1/models", ("Origin", "https://anywhere.example"));
        Assert.Equal("https://anywhere.example", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task Options_OfAnyPath_AnswersWithoutKey()
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Options, "/whatever"));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("Authorization", "Bearer first", HttpStatusCode.OK)]
    [InlineData("Authorization", "bearer   second ", HttpStatusCode.OK)]
    [InlineData("x-api-key", "first", HttpStatusCode.OK)]
    [InlineData("x-api-key", "third", HttpStatusCode.OK)]
    [InlineData("x-api-key", "# no key", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Bearer firs", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Bearer firstt", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Bearer ", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Basic Zmlyc3Q=", HttpStatusCode.Unauthorized)]
    [InlineData("X-Nothing", "first", HttpStatusCode.Unauthorized)]
    public async Task Key_Given_OpensIfKnown(string header, string value, HttpStatusCode status)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"# no key\n{Line("one", "first")}\n\n  {Line("two", "second")}  class=flex\r\n");
            await using var app = await TestApp.StartAsync(("Server:ApiKeyFile", file), ("Server:ApiKey", "third"));
            using var response = await GetAsync(app, "/v1/models", (header, value));
            Assert.Equal(status, response.StatusCode);
            if (status == HttpStatusCode.Unauthorized)
            {
                await RequestBodyTests.AssertErrorAsync(response, status, "invalid_api_key");
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/v1/health")]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/")]
    public async Task Key_NotGiven_StillOpensProbes(string path)
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await app.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/health/x")]
    [InlineData("/nothing")]
    public async Task Key_NotGiven_ClosesTheRest(string path)
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await app.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private static string Line(string name, string key) => KeyFile.Format(new ApiKey(name, ApiKey.DigestOf(key)));

    private static Task<HttpResponseMessage> GetAsync(TestApp app, string path, params (string Key, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (key, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(key, value));
        }

        return app.Client.SendAsync(request);
    }
}
