using System.Text;
using System.Text.Json.Nodes;
using InferenceServer.Testing;
using Microsoft.Playwright;

namespace InferenceServer.Integration.Tests.Web;

/// <summary>One headless Chromium for all tests of the page; the machine's own, since the driver would download another.</summary>
public sealed class Browser : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>An empty tab of a new profile. Skips the test where Chromium is missing.</summary>
    internal async Task<Tab> OpenAsync(int width = 1280, int height = 800, ColorScheme colors = ColorScheme.Light)
    {
        var missing = TestTool.WhyMissing("chromium");
        Skip.If(missing is not null, missing);
        _playwright ??= await Playwright.CreateAsync();
        _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = FindChromium(),

            // What it would otherwise ask the internet for has no place in a test.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = colors,
        });
        context.SetDefaultTimeout(60_000);
        Assertions.SetDefaultExpectTimeout(60_000);
        return new Tab(context, await context.NewPageAsync());
    }

    private static string FindChromium() =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "chromium")).First(File.Exists);
}

/// <summary>A tab, with what went wrong in it and what it asked for.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _errors = [];
    private readonly List<string> _requests = [];

    public Tab(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) => Add(_errors, message.Type is "error" or "warning" ? message.Text : null);
        page.PageError += (_, error) => Add(_errors, error);
        page.Request += (_, request) => Add(_requests, request.Url);
    }

    public IPage Page { get; }

    /// <summary>Errors and warnings in the console so far.</summary>
    public IReadOnlyList<string> Errors => Copy(_errors);

    /// <summary>Addresses asked for so far.</summary>
    public IReadOnlyList<string> Requests => Copy(_requests);

    public ILocator Answer => Page.Locator(".message.assistant").Last;

    public async Task SayAsync(string text)
    {
        await Page.FillAsync("#prompt", text);
        await Page.ClickAsync("#send");
    }

    /// <summary>From now on no answer ends by itself: where a test needs one that is still being written, the model must not choose.</summary>
    public Task ForbidEndsAsync() => Page.RouteAsync("**/v1/chat/completions", route =>
    {
        var body = JsonNode.Parse(route.Request.PostData!)!;
        body["ignore_eos"] = true;
        return route.ContinueAsync(new RouteContinueOptions { PostData = Encoding.UTF8.GetBytes(body.ToJsonString()) });
    });

    /// <summary>Waits until the last answer has ended.</summary>
    public Task WaitForAnswerAsync() => WaitUntilAsync("document.querySelector('.message.assistant:last-child:not(.busy)') !== null");

    /// <summary>Waits until an expression is true. Looks from outside: the page's policy lets nobody evaluate text inside.</summary>
    public async Task WaitUntilAsync(string expression)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!await Page.EvaluateAsync<bool>(expression))
        {
            Assert.True(DateTime.UtcNow < deadline, $"Not within a minute: {expression}");
            await Task.Delay(50);
        }
    }

    /// <summary>
    /// True where <c>SCREENSHOTS</c> names a folder: that is how the pictures in docs/images were made. The server then computes on one thread, so that
    /// the browser does not hold up its steps.
    /// </summary>
    public static bool KeepsPictures => Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 };

    /// <summary>Keeps a picture, where pictures are kept, once the charts have something to show.</summary>
    public async Task KeepPictureAsync(string name, int numPoints = 0)
    {
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 } folder)
        {
            await WaitUntilAsync($"document.getElementById('chart-tokens').dataset.points >= {numPoints}");
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
        }
    }

    public async ValueTask DisposeAsync() => await _context.CloseAsync();

    private static void Add(List<string> list, string? item)
    {
        lock (list)
        {
            if (item is not null)
            {
                list.Add(item);
            }
        }
    }

    private static List<string> Copy(List<string> list)
    {
        lock (list)
        {
            return [.. list];
        }
    }
}
