using System.Net;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Measuring;
using InferenceServer.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Server.Tests.Measuring;

/// <summary>What requests leave behind in <c>/metrics</c>, by a clock that the test moves.</summary>
public sealed class RequestMeasureTests
{
    private const string Stream = """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    [Theory]
    [InlineData("gen_ai_server_time_to_first_token_seconds", 2100, 0)]
    [InlineData("gen_ai_server_time_per_output_token_seconds", 0, 2100)]
    [InlineData("gen_ai_server_request_duration_seconds", 0, 2100)]
    public async Task Stream_OfMoreThanHalfAnHour_IsWithinTheLastBound(string histogram, double secondsToFirst, double secondsToNext)
    {
        var clock = new ManualClock();
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, clock);
        using var response = await app.StreamAsync(Stream);
        var generation = await engine.NextAsync(TestApp.Patience);
        generation.Start(numCachedTokens: 1);
        clock.Advance(secondsToFirst);
        generation.Token("A");
        await WaitForAsync(app, "vllm:time_to_first_token_seconds_count", 1);
        clock.Advance(secondsToNext);
        generation.Token("B");
        generation.Finish(FinishReason.Stop);
        await response.Content.ReadAsStringAsync();
        var page = await WaitForAsync(app, "vllm:request_success_total", 1);
        Assert.Equal(2100, page.Sum($"{histogram}_sum"), 3);
        Assert.Equal(0, page.Sum($"{histogram}_bucket", ("le", "640")));
        Assert.Equal(1, page.Sum($"{histogram}_bucket", ("le", "2560")));
    }

    [Fact]
    public async Task Stream_StepByStep_IsTimedAsItReachesTheSocket()
    {
        var clock = new ManualClock();
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, clock);
        using var response = await app.StreamAsync(Stream);
        var generation = await engine.NextAsync(TestApp.Patience);
        clock.Advance(2);
        generation.Start(numCachedTokens: 1); // when it is read is up to the reader, so only queue and prefill together are certain
        clock.Advance(3);
        generation.Token("A");
        var page = await WaitForAsync(app, "vllm:time_to_first_token_seconds_count", 1);
        Assert.Equal(5, page.Sum("vllm:time_to_first_token_seconds_sum"), 3);
        Assert.Equal(5, page.Sum("gen_ai_server_time_to_first_token_seconds_sum", ("gen_ai_operation_name", "chat"), ("gen_ai_response_model", "tiny-chat")), 3);
        Assert.Equal(1, page.Sum("inference_admission_taken"));

        clock.Advance(0.25);
        generation.Token("B");
        await WaitForAsync(app, "inference_inter_token_gap_seconds_count", 1);
        clock.Advance(0.75);
        generation.Token("C");
        page = await WaitForAsync(app, "inference_inter_token_gap_seconds_count", 2);
        Assert.Equal(1, page.Sum("inference_inter_token_gap_seconds_sum"), 3);
        Assert.Equal(1, page.Sum("vllm:inter_token_latency_seconds_sum"), 3);
        Assert.Equal(1, page.Sum("inference_inter_token_gap_seconds_bucket", ("le", "0.25")));

        generation.Finish(FinishReason.Stop);
        await response.Content.ReadAsStringAsync();
        page = await WaitForAsync(app, "vllm:request_success_total", 1);
        Assert.Equal(1, page.Sum("vllm:request_success_total", ("finished_reason", "stop"), ("model_name", "tiny-chat"), ("engine", "0")));
        Assert.Equal(1, page.Sum("inference_requests_finished_total", ("reason", "stop")));
        Assert.Equal(6, page.Sum("vllm:e2e_request_latency_seconds_sum"), 3);
        Assert.Equal(6, page.Sum("gen_ai_server_request_duration_seconds_sum"), 3);
        Assert.Equal(5, page.Sum("vllm:request_queue_time_seconds_sum") + page.Sum("vllm:request_prefill_time_seconds_sum"), 3);
        Assert.Equal(5, page.Sum("inference_request_queue_duration_seconds_sum") + page.Sum("inference_request_prefill_duration_seconds_sum"), 3);
        Assert.Equal(1, page.Sum("vllm:request_decode_time_seconds_sum"), 3);
        Assert.Equal(1, page.Sum("inference_request_decode_duration_seconds_sum"), 3);
        Assert.Equal(0.5, page.Sum("gen_ai_server_time_per_output_token_seconds_sum"), 3);
        Assert.Equal(3, page.Sum("vllm:request_generation_tokens_sum"));
        Assert.Equal(3, page.Sum("vllm:request_max_num_generation_tokens_sum"));
        Assert.Equal(page.Sum("vllm:request_prompt_tokens_sum"), page.Sum("gen_ai_client_token_usage_sum", ("gen_ai_token_type", "input")));
        Assert.Equal(3, page.Sum("gen_ai_client_token_usage_sum", ("gen_ai_token_type", "output")));
        Assert.Equal(0, page.Sum("inference_admission_taken"));
    }

    [Fact]
    public async Task Answers_OfEveryEnd_AreCountedByReason()
    {
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine);
        foreach (var reason in new[] { FinishReason.Stop, FinishReason.Length, FinishReason.Error, FinishReason.Aborted })
        {
            var answer = app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}]}""");
            var generation = await engine.NextAsync(TestApp.Patience);
            generation.Start();
            generation.Token("A");
            generation.Finish(reason);
            (await answer).Dispose();
        }

        var page = await WaitForAsync(app, "vllm:request_success_total", 4);
        foreach (var (vllm, ours) in new[] { ("stop", "stop"), ("length", "length"), ("error", "error"), ("abort", "aborted") })
        {
            Assert.Equal(1, page.Sum("vllm:request_success_total", ("finished_reason", vllm)));
            Assert.Equal(1, page.Sum("inference_requests_finished_total", ("reason", ours)));
        }

        Assert.Equal(1, page.Sum("gen_ai_server_request_duration_seconds_count", ("error_type", "aborted")));
        Assert.Equal(1, page.Sum("gen_ai_server_request_duration_seconds_count", ("error_type", "server_error")));
        Assert.Equal(4, page.Sum("gen_ai_server_time_to_first_token_seconds_count"));
    }

    [Fact]
    public async Task Client_ThatLeaves_IsAnAbort()
    {
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine);
        using var leaving = new CancellationTokenSource();
        using var response = await app.StreamAsync(Stream, leaving.Token);
        var generation = await engine.NextAsync(TestApp.Patience);
        response.Dispose();
        await generation.Aborted.WaitAsync(TestApp.Patience);
        var page = await WaitForAsync(app, "vllm:request_success_total", 1);
        Assert.Equal(1, page.Sum("vllm:request_success_total", ("finished_reason", "abort")));
        Assert.Empty(page.Find("vllm:time_to_first_token_seconds_count"));
    }

    [Fact]
    public async Task Embeddings_Computed_AreARequestOfTheirModel()
    {
        await using var app = await TestApp.StartAsync();
        (await app.PostAsync("/v1/embeddings", """{"input":"12345678"}""")).Dispose();
        var page = MetricsPage.Parse(await app.Client.GetStringAsync("/metrics"));
        (string, string)[] labels = [("gen_ai_operation_name", "embeddings"), ("gen_ai_response_model", "tiny-embed")];
        Assert.Equal(1, page.Sum("gen_ai_server_request_duration_seconds_count", labels));
        Assert.Equal(8, page.Sum("gen_ai_client_token_usage_sum", [.. labels, ("gen_ai_token_type", "input")]));
        Assert.Empty(page.Find("gen_ai_client_token_usage_sum", ("gen_ai_token_type", "output")));
    }

    [Fact]
    public async Task Refusals_OfEveryKind_AreCountedByCodeAndStatus()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { Capacity = 0 });
        (await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}]}""")).Dispose();
        (await app.ChatAsync("""{"messages":3}""")).Dispose();
        (await app.ChatAsync("""{"messages""")).Dispose();
        (await app.Client.GetAsync("/nothing")).Dispose();
        var page = await WaitForAsync(app, "http_requests_total", 4, scrapesCount: true);
        Assert.Equal(1, page.Sum("inference_requests_refused_total", ("reason", "server_full")));
        Assert.Equal(1, page.Sum("inference_requests_refused_total", ("reason", "invalid_type")));
        Assert.Equal(1, page.Sum("inference_requests_refused_total", ("reason", "invalid_request_error")));
        Assert.Equal(1, page.Sum("inference_requests_refused_total", ("reason", "unknown_url")));
        Assert.Equal(1, page.Sum("http_requests_total", ("status", "429")));
        Assert.Equal(2, page.Sum("http_requests_total", ("status", "400")));
        Assert.Equal(1, page.Sum("http_requests_total", ("status", "404")));
    }

    [Theory]
    [InlineData("Limits:RequestsPerMinute", "client_requests")]
    [InlineData("Limits:TokensPerMinute", "client_tokens")]
    [InlineData("Limits:TokensPerDay", "insufficient_quota")]
    public async Task Refusal_OverALimitOfTheClient_IsNotCountedAsAFullServer(string limit, string reason)
    {
        await using var app = await TestApp.StartAsync((limit, "1"));
        (await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}]}""")).Dispose();
        await WaitForAsync(app, "gen_ai_server_request_duration_seconds_count", 1);
        (await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}]}""")).Dispose();
        var page = await WaitForAsync(app, "inference_requests_refused_total", 1);
        Assert.Equal(1, page.Sum("inference_requests_refused_total", ("reason", reason)));
    }

    [Fact]
    public async Task Refusal_OverAnswersAtOnceOrWhileDraining_IsCountedApart()
    {
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, ("Limits:Concurrency", "1"));
        using var running = await app.StreamAsync(Stream);
        (await app.ChatAsync(Stream)).Dispose();
        var page = await WaitForAsync(app, "inference_requests_refused_total", 1);
        Assert.Equal(1, page.Sum("inference_requests_refused_total", ("reason", "client_concurrency")));
        var drained = app.Services.GetRequiredService<Drain>().StoppingAsync(CancellationToken.None);
        (await app.ChatAsync(Stream)).Dispose();
        page = await WaitForAsync(app, "inference_requests_refused_total", 2);
        Assert.Equal(1, page.Sum("inference_requests_refused_total", ("reason", "draining")));
        (await engine.NextAsync(TestApp.Patience)).Play(["a"], 0);
        await drained.WaitAsync(TestApp.Patience);
    }

    [Fact]
    public async Task Page_AfterRequestsFullOfSecrets_ShowsNone()
    {
        await using var app = await TestApp.StartAsync();
        (await app.ChatAsync("""{"model":"SECRET","messages":[{"role":"user","content":"SECRET"}],"user":"SECRET","cache_salt":"SECRET","stop":["SECRET"],"metadata":{"SECRET":"SECRET"}}""")).Dispose();
        (await app.ChatAsync("""{"model":"SECRET","messages":[{"role":"SECRET","content":"SECRET"}],"SECRET":1}""")).Dispose();
        (await app.PostAsync("/v1/completions", """{"model":"SECRET","prompt":"SECRET"}""")).Dispose();
        (await app.PostAsync("/v1/embeddings", """{"model":"SECRET","input":"SECRET"}""")).Dispose();
        (await app.Client.GetAsync("/v1/models/SECRET?SECRET=SECRET")).Dispose();
        (await app.Client.SendAsync(new HttpRequestMessage(new HttpMethod("SECRET"), "/SECRET"))).Dispose();
        await WaitForAsync(app, "http_requests_total", 6, scrapesCount: true);
        Assert.DoesNotContain("SECRET", await app.Client.GetStringAsync("/metrics"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Gauges_OfTheEngine_AreAsItSaysNow()
    {
        var engine = new FakeEngine
        {
            Stats = new EngineStats { NumRunning = 3, NumWaiting = 4, NumQueued = 1, NumPreempted = 1, NumDeferred = 2, NumCells = 1000, NumUsedCells = 250, NumCachedCells = 600 },
        };
        await using var app = await TestApp.StartAsync(engine);
        var page = MetricsPage.Parse(await app.Client.GetStringAsync("/metrics"));
        Assert.Equal(3, page.Sum("vllm:num_requests_running"));
        Assert.Equal(5, page.Sum("vllm:num_requests_waiting"));
        Assert.Equal(3, page.Sum("vllm:num_requests_waiting_by_reason", ("reason", "capacity")));
        Assert.Equal(2, page.Sum("vllm:num_requests_waiting_by_reason", ("reason", "deferred")));
        Assert.Equal(0.25, page.Sum("vllm:kv_cache_usage_perc"));
        Assert.Equal(1, page.Sum("vllm:cache_config_info", ("block_size", "1"), ("num_gpu_blocks", "1000"), ("cache_dtype", "f16")));
        Assert.Equal(3, page.Sum("inference_requests_running"));
        Assert.Equal(2, page.Sum("inference_requests_waiting", ("reason", "capacity")));
        Assert.Equal(1, page.Sum("inference_requests_waiting", ("reason", "preempted")));
        Assert.Equal(2, page.Sum("inference_requests_waiting", ("reason", "deferred")));
        Assert.Equal((250, 600, 150), (page.Sum("inference_kv_cells", ("state", "used")), page.Sum("inference_kv_cells", ("state", "cached")), page.Sum("inference_kv_cells", ("state", "free"))));
        Assert.Equal(0.25, page.Sum("inference_kv_usage"));
        Assert.Equal(1, page.Sum("inference_engine_state", ("state", "ready")));
        Assert.Equal(1, page.Sum("inference_engine_state"));
    }

    [Fact]
    public async Task Counters_OfAnEngineStartedAnew_GoOn()
    {
        var engine = new FakeEngine { Stats = new EngineStats { NumSteps = 100, NumOutputTokens = 700, NumPromptTokens = 50, NumCachedTokens = 20, NumQueriedTokens = 40, NumPreemptions = 2 } };
        await using var app = await TestApp.StartAsync(engine);
        Assert.Equal(700, await ReadAsync());
        engine.Stats = new EngineStats(); // it died
        Assert.Equal(700, await ReadAsync());
        engine.Stats = new EngineStats { NumSteps = 5, NumOutputTokens = 30, NumPromptTokens = 1, NumPreemptions = 1 };
        Assert.Equal(730, await ReadAsync());
        engine.Stats = new EngineStats { NumSteps = 6, NumOutputTokens = 31, NumPromptTokens = 1, NumPreemptions = 1 };
        var page = MetricsPage.Parse(await app.Client.GetStringAsync("/metrics"));
        Assert.Equal(731, page.Sum("inference_tokens_generated_total"));
        Assert.Equal(51, page.Sum("vllm:prompt_tokens_total"));
        Assert.Equal(20, page.Sum("vllm:prefix_cache_hits_total"));
        Assert.Equal(40, page.Sum("vllm:prefix_cache_queries_total"));
        Assert.Equal(3, page.Sum("vllm:num_preemptions_total"));
        Assert.Equal(106, page.Sum("inference_steps_total"));

        async Task<double> ReadAsync() => MetricsPage.Parse(await app.Client.GetStringAsync("/metrics")).Sum("vllm:generation_tokens_total");
    }

    [Fact]
    public async Task Steps_Reported_AreInTheHistogramsOfTheNextScrape()
    {
        await using var app = await TestApp.StartAsync();
        Report(app.Engine, numDecodes: 2, numPrefillTokens: 0, seconds: 0.02);
        Report(app.Engine, numDecodes: 1, numPrefillTokens: 30, seconds: 0.2);
        Report(app.Engine, numDecodes: 0, numPrefillTokens: 256, seconds: 2);
        var page = MetricsPage.Parse(await app.Client.GetStringAsync("/metrics"));
        foreach (var (kind, seconds) in new[] { ("decode", 0.02), ("mixed", 0.2), ("prefill", 2) })
        {
            Assert.Equal(1, page.Sum("inference_step_duration_seconds_count", ("kind", kind)));
            Assert.Equal(seconds, page.Sum("inference_step_duration_seconds_sum", ("kind", kind)), 4);
        }

        Assert.Equal(2 + 31 + 256, page.Sum("inference_step_tokens_sum"));
        Assert.Equal(2 + 2 + 1, page.Sum("inference_step_sequences_sum"));
        Assert.Equal(0, page.Sum("inference_step_reports_dropped_total"));
    }

    // Every token of every stream comes this way.
    [Fact]
    public async Task Gap_Recorded_AllocatesNothing()
    {
        await using var app = await TestApp.StartAsync();
        var instruments = app.Services.GetRequiredService<RequestInstruments>();
        Record(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Record(1_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Record(int count)
        {
            for (var i = 0; i < count; i++)
            {
                instruments.Server.RecordGap(0.02);
                instruments.Vllm.RecordGap(0.02);
            }
        }
    }

    [Fact]
    public async Task VllmNames_SwitchedOff_AreGoneAndOursAreThere()
    {
        await using var app = await TestApp.StartAsync(("Metrics:VllmNames", "false"));
        (await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}]}""")).Dispose();
        var page = await WaitForAsync(app, "inference_requests_finished_total", 1);
        Assert.DoesNotContain(page.Series, sample => sample.Name.StartsWith("vllm", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TwoServers_InOneProcess_CountForThemselves()
    {
        await using var one = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync();
        (await one.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}]}""")).Dispose();
        await WaitForAsync(one, "vllm:request_success_total", 1);
        Assert.Empty(MetricsPage.Parse(await other.Client.GetStringAsync("/metrics")).Find("vllm:request_success_total"));
    }

    private static void Report(FakeEngine engine, int numDecodes, int numPrefillTokens, double seconds)
    {
        var rows = engine.StepReports.Begin();
        var numRows = numDecodes + (numPrefillTokens > 0 ? 1 : 0);
        for (var i = 0; i < numRows; i++)
        {
            rows[i] = new StepRow(i, i < numDecodes, i < numDecodes ? 1 : numPrefillTokens, 100, NumOutputTokens: 1, 1f / numRows);
        }

        engine.StepReports.End(
            new StepReport
            {
                StartedAt = 1_000_000,
                EndedAt = 1_000_000 + (long)(seconds * System.Diagnostics.Stopwatch.Frequency),
                RunSeconds = seconds,
                Status = RunStatus.Ok,
                NumDecodes = numDecodes,
                NumPrefillTokens = numPrefillTokens,
                NumOutputTokens = numRows,
            },
            numRows);
    }

    // What follows the last byte of an answer happens a moment after the client has it.
    private static async Task<MetricsPage> WaitForAsync(TestApp app, string name, double value, bool scrapesCount = false)
    {
        MetricsPage? page = null;
        await WaitAsync(
            app,
            () =>
            {
                var sum = page!.Sum(name);
                return scrapesCount ? sum >= value : sum.Equals(value);
            },
            name,
            read => page = read);
        return page!;
    }

    private static async Task WaitAsync(TestApp app, Func<bool> condition, string what, Action<MetricsPage>? read = null)
    {
        var deadline = DateTime.UtcNow + TestApp.Patience;
        do
        {
            using var response = await app.Client.GetAsync("/metrics");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            read?.Invoke(MetricsPage.Parse(await response.Content.ReadAsStringAsync()));
            if (condition())
            {
                return;
            }

            await Task.Delay(10);
        }
        while (DateTime.UtcNow < deadline);

        Assert.Fail($"{what} did not come to be.");
    }
}
