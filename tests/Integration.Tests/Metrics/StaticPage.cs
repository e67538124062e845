using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>A second target: a file as a page of metrics, for what only other machines measure.</summary>
internal sealed class StaticPage : IAsyncDisposable
{
    private readonly WebApplication _application;

    private StaticPage(WebApplication application) => _application = application;

    /// <summary>Address and port.</summary>
    public string Address => new Uri(_application.Urls.First()).Authority;

    public static async Task<StaticPage> StartAsync(string file)
    {
        var page = await File.ReadAllTextAsync(file);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var application = builder.Build();
        application.Urls.Add("http://127.0.0.1:0");
        application.MapGet("/metrics", () => Results.Text(page, "text/plain; version=0.0.4"));
        await application.StartAsync();
        return new StaticPage(application);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
