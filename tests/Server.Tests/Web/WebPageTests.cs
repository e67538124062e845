using System.Net;
using System.Text.Json;
using InferenceServer.Server.Tests.Endpoints;

namespace InferenceServer.Server.Tests.Web;

/// <summary>The page's files: who gets them, and under which rules of the browser.</summary>
public sealed class WebPageTests
{
    private const string BrowserAccepts = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    [Fact]
    public async Task Root_ForABrowser_IsThePageUnderAStrictPolicy()
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await GetAsync(app, "/", ("Accept", BrowserAccepts));
        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("Accept", response.Headers.Vary);
        Assert.Contains("Origin", response.Headers.Vary);
    }

    [Theory]
    [InlineData("*/*")]
    [InlineData("application/json")]
    [InlineData("text/html;q=0")]
    [InlineData(null)]
    public async Task Root_ForAProgram_IsTheIndex(string? accept)
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await GetAsync(app, "/", ("Accept", accept));
        using var index = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("tiny-chat", index.RootElement.GetProperty("model").GetString());
        Assert.True(index.RootElement.GetProperty("needs_key").GetBoolean());
    }

    [Fact]
    public async Task Assets_ThatThePageNames_AreThereWithoutAKeyAndHoldNoInlineCode()
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var page = await GetAsync(app, "/", ("Accept", BrowserAccepts));
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotMatch("(?i)<script(?![^>]* src=)|<style| style=| on[a-z]+=|https?://", html);
        var waiting = new Queue<string>(System.Text.RegularExpressions.Regex.Matches(html, "(?:href|src)=\"web/([^\"]+)\"").Select(match => match.Groups[1].Value));
        var seen = new HashSet<string>();
        while (waiting.TryDequeue(out var name))
        {
            if (!seen.Add(name))
            {
                continue;
            }

            using var response = await GetAsync(app, "/web/" + name);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.NotEqual("application/octet-stream", response.Content.Headers.ContentType!.MediaType);
            var text = await response.Content.ReadAsStringAsync();
            foreach (System.Text.RegularExpressions.Match import in System.Text.RegularExpressions.Regex.Matches(text, "(?m)^import .* from '\\./([^']+)';$"))
            {
                waiting.Enqueue(import.Groups[1].Value);
            }
        }

        Assert.Superset(new HashSet<string> { "app.js", "chat.js", "machine.js", "vendor/uplot.js", "vendor/marked.js", "vendor/purify.js", "vendor/uplot.css", "icon.svg" }, seen);
    }

    [Fact]
    public async Task Asset_AskedForAgain_IsNotSentAgain()
    {
        await using var app = await TestApp.StartAsync();
        using var first = await GetAsync(app, "/web/app.js");
        using var second = await GetAsync(app, "/web/app.js", ("If-None-Match", first.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/web/nothing.js")]
    [InlineData("/web")]
    [InlineData("/web/..%2Fappsettings.json")]
    [InlineData("/web/vendor")]
    public async Task Asset_Unknown_IsNotFound(string path)
    {
        await using var app = await TestApp.StartAsync();
        using var response = await GetAsync(app, path);
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.NotFound, "unknown_url");
    }

    [Fact]
    public async Task Root_UnderAStrangeHost_IsForbidden()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await GetAsync(app, "/", ("Host", "evil.example"), ("Accept", BrowserAccepts));
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.Forbidden);
    }

    private static async Task<HttpResponseMessage> GetAsync(TestApp app, string path, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await app.Client.SendAsync(request);
    }
}
