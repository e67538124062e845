using System.Net.Http.Json;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>Requests that leave something in every metric.</summary>
internal static class MetricsLoad
{
    /// <summary>Every kind once: streams side by side, answers in one piece, a completion, an answer under a grammar, an abort, refusals.</summary>
    public static async Task RunAsync(RunningServer server)
    {
        var stream = server.Client.PostAsJsonAsync("/v1/chat/completions", Chats.Body("Tell me a story.", ("stream", true), ("max_tokens", 30), ("ignore_eos", true)));
        var whole = server.AnswerAsync(Chats.Capital(("max_tokens", 24), ("ignore_eos", true)));
        var completion = server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "Once upon a time", max_tokens = 24 });
        var constrained = server.ChatAsync(Chats.Capital(("max_tokens", 8), ("response_format", new { type = "json_object" })));
        await whole;
        (await stream).Dispose();
        (await completion).Dispose();
        (await constrained).Dispose();
        (await server.ChatAsync(new { messages = 3 })).Dispose();
        (await server.Client.GetAsync("/nothing")).Dispose();
        await AbortAsync(server);
        await server.WaitUntilIdleAsync();
    }

    // The server learns of it a moment after the client left.
    private static async Task AbortAsync(RunningServer server)
    {
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(Chats.Body("Tell me a long story.", ("stream", true), ("max_tokens", 2000), ("ignore_eos", true))) })
        using (var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            response.EnsureSuccessStatusCode();
        }

        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!(MetricsPage.Parse(await server.Client.GetStringAsync("/metrics")).Sum("gen_ai_server_request_duration_seconds_count", ("error_type", "aborted")) > 0))
        {
            Assert.True(DateTime.UtcNow < deadline, "An abort is not counted.");
            await Task.Delay(50);
        }
    }
}
