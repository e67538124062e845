using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Integration.Tests.Metrics;
using InferenceServer.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace InferenceServer.Integration.Tests.Web;

/// <summary>The page at <c>/</c> as its users see it: in Chromium, against the real engine where that matters.</summary>
[Collection(ClientCollection.Name)]
public sealed partial class LivePageTests(ClientCollection.Fixture fixture, Browser browser) : IClassFixture<Browser>
{
    private const string Question = "Name the capital of France.";
    private const string Story = "Tell me a very long story about a lighthouse keeper, his dog and the sea.";
    private const string Numbers = "Write the numbers from 1 to 500, one per line.";

    [SkippableTheory]
    [InlineData(ColorScheme.Light, "page-light")]
    [InlineData(ColorScheme.Dark, "page-dark")]
    public async Task Page_OnADesk_ChatsAndShowsTheMachineWithoutErrors(ColorScheme colors, string picture)
    {
        await using var tab = await browser.OpenAsync(1360, 960, colors);
        await tab.Page.GotoAsync(fixture.Server.Address.ToString());
        await Expect(tab.Page.Locator("#state")).ToHaveTextAsync("ready");
        await tab.Page.ClickAsync("#options summary");
        await tab.Page.FillAsync("#temperature", "0");
        await tab.Page.ClickAsync("#options summary");

        await tab.SayAsync(Question);
        await Expect(tab.Answer.Locator(".text")).ToContainTextAsync("Paris");
        await tab.WaitForAnswerAsync();
        await Expect(tab.Answer.Locator("footer")).ToContainTextAsync("tokens/s");

        using var company = Tab.KeepsPictures ? new Company(fixture.Server) : null;
        await tab.ForbidEndsAsync();
        await tab.SayAsync(Numbers);
        await tab.WaitUntilAsync("parseFloat(document.getElementById('tokens-per-second').textContent) > 1");
        await Expect(tab.Page.Locator("#running")).ToHaveTextAsync(company is null ? "1 of 8" : "4 of 8");
        await Expect(tab.Page.Locator("#kv-legend")).ToContainTextAsync("Sequence");
        await tab.WaitUntilAsync("document.getElementById('chart-tokens').dataset.points >= 4 && document.getElementById('chart-gap').dataset.points >= 2");
        await Expect(tab.Page.Locator("#gap")).ToHaveTextAsync(Duration());
        await tab.KeepPictureAsync(picture, numPoints: 20);

        await tab.Page.ClickAsync("#stop");
        await tab.WaitForAnswerAsync();
        await Expect(tab.Page.Locator("#kv-legend")).ToContainTextAsync("ached prefix");

        // This machine's memory is known, and its watts are those of the stand-in; of what it has no channel for it says so.
        await Expect(tab.Page.Locator("#memory")).ToContainTextAsync(MemorySize());
        await Expect(tab.Page.Locator("#watts")).ToContainTextAsync(StandInMachine.SystemWatts.ToString("F0", CultureInfo.InvariantCulture));
        Assert.DoesNotMatch(NoWatts(), await tab.Page.InnerTextAsync("#watts"));
        await Expect(tab.Page.Locator("#joules")).ToContainTextAsync(Joules());
        Assert.All(tab.Requests, address => Assert.StartsWith(fixture.Server.Address.ToString(), address, StringComparison.Ordinal));
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task Stop_WhileAnAnswerIsWritten_EndsItAndRegenerateWritesAnother()
    {
        await using var tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(fixture.Server.Address.ToString());
        await tab.ForbidEndsAsync();
        await tab.SayAsync(Story);
        await Expect(tab.Answer.Locator(".text")).Not.ToBeEmptyAsync();
        await tab.Page.ClickAsync("#stop");

        await tab.WaitForAnswerAsync();
        await Expect(tab.Answer.Locator("footer")).ToHaveTextAsync("stopped");
        await fixture.Server.WaitUntilIdleAsync();

        await tab.Page.ClickAsync("#options summary");
        await tab.Page.FillAsync("#max-tokens", "5");
        await tab.Page.ClickAsync("#regenerate");
        await Expect(tab.Answer.Locator("footer")).ToContainTextAsync("5 tokens");
        await Expect(tab.Page.Locator(".message.assistant")).ToHaveCountAsync(1);
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task Page_OnAPhone_FitsInBothViews()
    {
        await using var tab = await browser.OpenAsync(390, 844, ColorScheme.Dark);
        await tab.Page.GotoAsync(fixture.Server.Address.ToString());
        await Expect(tab.Page.Locator("#machine")).ToBeHiddenAsync();
        await tab.Page.ClickAsync("#options summary");
        await tab.Page.FillAsync("#max-tokens", "40");
        await tab.Page.ClickAsync("#options summary");
        using var company = Tab.KeepsPictures ? new Company(fixture.Server) : null;
        await tab.SayAsync("Write a short poem about the sea.");
        await tab.Page.ClickAsync("nav button[data-view=machine]");
        await Expect(tab.Page.Locator("#chat")).ToBeHiddenAsync();
        await tab.WaitUntilAsync("document.getElementById('chart-tokens').dataset.points >= 3");
        Assert.True(await FitsAsync(tab));
        await tab.KeepPictureAsync("page-phone-machine", numPoints: 12);
        await tab.Page.Locator("#memory").ScrollIntoViewIfNeededAsync();
        await Expect(tab.Page.Locator("#memory dt").Last).ToBeInViewportAsync();
        Assert.True(await FitsAsync(tab));
        await tab.KeepPictureAsync("page-phone-watts");
        await tab.Page.ClickAsync("nav button[data-view=chat]");
        await tab.WaitForAnswerAsync();
        Assert.True(await FitsAsync(tab));
        await tab.KeepPictureAsync("page-phone-chat");
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task Page_OfAMachineWithoutCounters_SaysThatTheyAreNotAvailable()
    {
        await using var server = await RunningServer.StartAsync(new FakeEngine(), ("Power:Enabled", "false"));
        await using var tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(server.Address.ToString());
        await Expect(tab.Page.Locator("#watts")).ToContainTextAsync("not available");
        await Expect(tab.Page.Locator("#joules")).ToContainTextAsync("not available");
        Assert.DoesNotMatch(NoWatts(), await tab.Page.InnerTextAsync("#watts"));
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task Key_Configured_IsAskedForAndSent()
    {
        await using var server = await RunningServer.StartAsync(new FakeEngine(), ("Server:ApiKey", "secret"));
        await using var tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(server.Address.ToString());
        await Expect(tab.Page.Locator("#key-dialog")).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#key-error")).ToBeHiddenAsync();
        Assert.DoesNotContain(tab.Requests, address => address.EndsWith("/snapshots", StringComparison.Ordinal));
        await tab.Page.FillAsync("#key", "wrong");
        await tab.Page.PressAsync("#key", "Enter");

        await Expect(tab.Page.Locator("#key-error")).ToBeVisibleAsync();
        await tab.Page.FillAsync("#key", "secret");
        await tab.Page.PressAsync("#key", "Enter");
        await Expect(tab.Page.Locator("#state")).ToHaveTextAsync("ready");
        await tab.SayAsync(Question);
        await Expect(tab.Answer.Locator(".text")).ToHaveTextAsync("The capital is Paris.");
    }

    [SkippableFact]
    public async Task Answer_WithDangerousMarkup_StaysHarmless()
    {
        var engine = new FakeEngine
        {
            Reply =
            [
                "<script>window.harmed = 1</script>\n\n", "<img src=x onerror=\"window.harmed = 2\">\n\n", "![x](https://evil.example/leak.png)\n\n", "[link](javascript:window.harmed=3)\n\n",
                "<iframe src=\"https://evil.example\"></iframe>\n\n", "<style>body { display: none }</style>\n\n", "<svg><a xlink:href=\"javascript:window.harmed=4\"><text>x</text></a></svg>\n\n",
                "<form action=\"https://evil.example\"><input name=a></form>\n\n", "<b onclick=\"window.harmed = 5\" style=\"position:fixed\" id=\"send\">bold</b>\n\n",
                "<a href=\"https://example.org/\" target=_top>fine</a>\n\n", "[good](https://example.org/)<br><b>plain</b>\n\n", "| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\n<script>alert(1)</script>\n```\n\n**strong end**",
            ],
        };
        await using var server = await RunningServer.StartAsync(engine);
        await using var tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(server.Address.ToString());
        await tab.SayAsync("<img src=x onerror=\"window.harmed = 6\"> **not bold**");
        await Expect(tab.Answer.Locator("strong")).ToHaveTextAsync("strong end");
        await tab.WaitForAnswerAsync();
        await Expect(tab.Answer.Locator("b")).ToHaveTextAsync("plain");
        await Expect(tab.Answer.Locator(".text")).ToContainTextAsync("<script>window.harmed = 1</script>");

        Assert.Equal("undefined", await tab.Page.EvaluateAsync<string>("typeof window.harmed"));
        Assert.Equal(0, await tab.Page.Locator("#messages").Locator("script, img, iframe, style, svg, form, input, [onclick], [style], [id]").CountAsync());
        Assert.Equal(["https://evil.example/leak.png", "https://example.org/"], await tab.Answer.Locator("a[href]").EvaluateAllAsync<string[]>("links => links.map(link => link.href)"));
        await Expect(tab.Answer.Locator("td").First).ToHaveTextAsync("1");
        await Expect(tab.Answer.Locator("pre code")).ToContainTextAsync("<script>alert(1)</script>");
        await Expect(tab.Page.Locator(".message.user .text")).ToContainTextAsync("**not bold**");
        Assert.All(tab.Requests, address => Assert.StartsWith(server.Address.ToString(), address, StringComparison.Ordinal));
        Assert.Empty(tab.Errors);
    }

    [SkippableFact]
    public async Task Answer_WithThoughtAndCalls_FoldsThem()
    {
        var engine = new FakeEngine
        {
            Reply = ["<think>", "\n", "One city.", "\n", "</think>", "\n\n", "Let me look.\n", "<tool_call>", "\n", "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}", "\n", "</tool_call>"],
        };
        await using var server = await RunningServer.StartAsync(engine, ("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B")));
        await using var tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(server.Address.ToString());
        await tab.Page.ClickAsync("#options summary");
        await tab.Page.FillAsync("#tools", """[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]""");
        await tab.SayAsync("Weather in Oslo?");
        await tab.WaitForAnswerAsync();

        await Expect(tab.Answer.Locator(".text")).ToHaveTextAsync("Let me look.");
        await Expect(tab.Answer.Locator(".thought pre")).ToBeHiddenAsync();
        await tab.Answer.Locator(".thought summary").ClickAsync();
        await Expect(tab.Answer.Locator(".thought pre")).ToHaveTextAsync("One city.");
        await Expect(tab.Answer.Locator(".call summary")).ToHaveTextAsync("Calls get_weather");
        await Expect(tab.Answer.Locator(".call pre")).ToContainTextAsync("\"city\": \"Oslo\"");
        Assert.Empty(tab.Errors);
    }

    [GeneratedRegex("^[0-9.]+ m?s$")]
    private static partial Regex Duration();

    [GeneratedRegex("(?m)^0(\\.0*)? W")]
    private static partial Regex NoWatts();

    [GeneratedRegex("[0-9] J")]
    private static partial Regex Joules();

    [GeneratedRegex("[0-9] [MG]iB")]
    private static partial Regex MemorySize();

    /// <summary>Other clients, so that a picture shows a server at work.</summary>
    private sealed class Company : IDisposable
    {
        private readonly CancellationTokenSource _gone = new();
        private readonly Task[] _chats;

        public Company(RunningServer server) => _chats =
        [
            .. new[] { "Write a long letter to a friend.", "Explain in detail how a lighthouse works.", "Tell the history of the sea." }
                .Select(text => server.Client.PostAsJsonAsync("/v1/chat/completions", Chats.Body(text, ("max_tokens", 2000), ("ignore_eos", true)), _gone.Token)),
        ];

        public void Dispose()
        {
            _gone.Cancel();
            Task.WhenAll(_chats).ContinueWith(_ => _gone.Dispose(), TaskScheduler.Default).Wait();
        }
    }

    private static Task<bool> FitsAsync(Tab tab) => tab.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight");
}
