using System.Net;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Tests.Endpoints;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Responses;

public sealed class BackgroundResponseTests
{
    private const string Stream = """{"input":"Where?","background":true,"stream":true}""";

    [Fact]
    public async Task Background_NobodyListens_RunsToItsEndAndIsKept()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        var queued = await ResponsesTests.CreateAsync(app, """{"input":"Where?","background":true,"tools":[{"type":"function","name":"f"}],"metadata":{"a":"b"}}""");
        var path = $"/v1/responses/{ResponsesTests.IdOf(queued)}";
        Assert.Equal("queued", StatusOf(queued));
        Assert.Equal("queued", StatusOf(await ResponsesTests.GetAsync(app, path)));
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        await UntilAsync(app, path, "in_progress");
        using (var early = await app.PostAsync("/v1/responses", $$"""{"input":"x","previous_response_id":"{{ResponsesTests.IdOf(queued)}}"}"""))
        {
            await RequestBodyTests.AssertErrorAsync(early, HttpStatusCode.BadRequest, "invalid_value");
        }

        Assert.Equal(1, app.Gate.NumTaken);
        generation.Token("Paris");
        generation.Finish(FinishReason.Stop);
        var ended = await UntilAsync(app, path, "completed");
        Assert.Equal("Paris", ended.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal("""[{"type":"function","name":"f"}]""", ended.GetProperty("tools").GetRawText());
        Assert.Equal("""{"a":"b"}""", ended.GetProperty("metadata").GetRawText());
        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
        app.Engine.IsManual = false;
        await ResponsesTests.CreateAsync(app, $$"""{"input":"Sure?","previous_response_id":"{{ResponsesTests.IdOf(queued)}}"}""");
    }

    [Fact]
    public async Task Stream_BrokenOff_GoesOnBehindTheLastEventSeen()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        var seen = new List<JsonElement>();
        FakeGeneration generation;
        using (var response = await ResponsesTests.SendAsync(app, Stream))
        {
            using var reader = new EventReader(response);
            generation = await app.Engine.NextAsync(TestApp.Patience);
            generation.Start();
            generation.Token("One");
            while (seen.Count == 0 || ResponsesTests.TypeOf(seen[^1]) != "response.output_text.delta")
            {
                seen.Add((await reader.NextAsync())!.Value);
            }
        }

        var id = ResponsesTests.IdOf(seen[0].GetProperty("response"));
        Assert.Equal(["response.created", "response.queued", "response.in_progress"], seen.Take(3).Select(ResponsesTests.TypeOf));
        generation.Token(" two");

        // While it runs, from the middle: what was there first, and then what comes.
        using var second = await app.Client.GetAsync($"/v1/responses/{id}?stream=true&starting_after={seen.Count - 1}", HttpCompletionOption.ResponseHeadersRead);
        using var live = new EventReader(second);
        var next = (await live.NextAsync())!.Value;
        Assert.Equal((" two", seen.Count), (next.GetProperty("delta").GetString(), ResponsesTests.NumberOf(next)));
        generation.Token(" three");
        generation.Finish(FinishReason.Stop);
        List<JsonElement> rest = [next, .. await live.RestAsync()];
        Assert.Equal("response.completed", ResponsesTests.TypeOf(rest[^1]));
        Assert.Equal(Enumerable.Range(0, seen.Count + rest.Count), seen.Concat(rest).Select(ResponsesTests.NumberOf));
        Assert.Equal("One two three", string.Concat(seen.Concat(rest).Where(item => ResponsesTests.TypeOf(item) == "response.output_text.delta").Select(item => item.GetProperty("delta").GetString())));

        // Afterwards the same again, from the store.
        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
        foreach (var first in new[] { 0, 4, seen.Count + rest.Count })
        {
            using var third = await app.Client.GetAsync($"/v1/responses/{id}?stream=true" + (first > 0 ? $"&starting_after={first - 1}" : ""));
            using var replay = new EventReader(third);
            Assert.Equal(seen.Concat(rest).Skip(first).Select(item => item.GetRawText()), (await replay.RestAsync()).Select(item => item.GetRawText()));
        }
    }

    [Fact]
    public async Task Cancel_WhileItRuns_EndsItAndItsStream()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await ResponsesTests.SendAsync(app, Stream);
        using var reader = new EventReader(response);
        var id = ResponsesTests.IdOf((await reader.NextAsync())!.Value.GetProperty("response"));
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        generation.Token("One");
        using var cancelled = await app.PostAsync($"/v1/responses/{id}/cancel", "");
        var body = JsonDocument.Parse(await cancelled.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("cancelled", StatusOf(body));
        Assert.True(generation.Aborted.IsCompleted);
        var last = (await reader.RestAsync())[^1].GetProperty("response");
        Assert.Equal(("cancelled", JsonValueKind.Null), (StatusOf(last), last.GetProperty("error").ValueKind));

        // Again, once it is stored: the same.
        using var again = await app.PostAsync($"/v1/responses/{id}/cancel", "{}");
        Assert.Equal(body.GetRawText(), await again.Content.ReadAsStringAsync());
        using var next = await app.PostAsync("/v1/responses", $$"""{"input":"x","previous_response_id":"{{id}}"}""");
        await RequestBodyTests.AssertErrorAsync(next, HttpStatusCode.BadRequest, "invalid_value");
    }

    [Fact]
    public async Task CancelAndReplay_OfOneInTheForeground_AreRefused()
    {
        await using var app = await TestApp.StartAsync();
        var id = ResponsesTests.IdOf(await ResponsesTests.CreateAsync(app, """{"input":"Where?"}"""));
        using var cancelled = await app.PostAsync($"/v1/responses/{id}/cancel", "");
        await RequestBodyTests.AssertErrorAsync(cancelled, HttpStatusCode.BadRequest);
        using var replay = await app.Client.GetAsync($"/v1/responses/{id}?stream=true");
        await RequestBodyTests.AssertErrorAsync(replay, HttpStatusCode.BadRequest, "invalid_value");
        using var nobody = await app.PostAsync("/v1/responses/resp_nobody/cancel", "");
        await RequestBodyTests.AssertErrorAsync(nobody, HttpStatusCode.NotFound);
        using var wrong = await app.Client.GetAsync($"/v1/responses/{id}?stream=maybe&starting_after=-1");
        await RequestBodyTests.AssertErrorAsync(wrong, HttpStatusCode.BadRequest, "invalid_type");
    }

    [Fact]
    public async Task Delete_WhileItRuns_EndsItAndLeavesNothing()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        var id = ResponsesTests.IdOf(await ResponsesTests.CreateAsync(app, """{"input":"Where?","background":true}"""));
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        using var deleted = await app.Client.DeleteAsync($"/v1/responses/{id}");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.True(generation.Aborted.IsCompleted);
        await TestApp.UntilAsync(() => app.Client.GetAsync($"/v1/responses/{id}").Result.StatusCode == HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Background_ServerStops_IsStoredAsFailed()
    {
        var folder = Directory.CreateTempSubdirectory("responses-test-");
        var setting = ("Responses:Path", (string?)Path.Combine(folder.FullName, "r.db"));
        string id;
        await using (var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, setting))
        {
            id = ResponsesTests.IdOf(await ResponsesTests.CreateAsync(app, """{"input":"Where?","background":true}"""));
            (await app.Engine.NextAsync(TestApp.Patience)).Start();
        }

        await using (var app = await TestApp.StartAsync(setting))
        {
            var response = await ResponsesTests.GetAsync(app, $"/v1/responses/{id}");
            Assert.Equal("failed", StatusOf(response));
            Assert.Contains("shutting down", response.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        folder.Delete(recursive: true);
    }

    private static string? StatusOf(JsonElement response) => response.GetProperty("status").GetString();

    private static async Task<JsonElement> UntilAsync(TestApp app, string path, string status)
    {
        using var patience = new CancellationTokenSource(TestApp.Patience);
        while (true)
        {
            var response = await ResponsesTests.GetAsync(app, path);
            if (StatusOf(response) == status)
            {
                return response;
            }

            await Task.Delay(5, patience.Token);
        }
    }
}
