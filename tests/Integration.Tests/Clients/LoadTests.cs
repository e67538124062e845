using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>What clients do to each other and to the server, over raw HTTP and sockets.</summary>
[Collection(ClientCollection.Name)]
public sealed class LoadTests(ClientCollection.Fixture fixture)
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task Client_ThatStopsReading_DoesNotHoldUpTheOthers()
    {
        // More than the buffers of both sockets hold: the server's writer of this stream really stands still.
        using var stalled = await OpenStreamAsync(Chats.Body("Tell me a long story.", ("max_tokens", 1500), ("ignore_eos", true), ("stream", true)));
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _server.AnswerAsync(Chats.Capital(("max_tokens", 20)))));

        Assert.All(answers, answer => Assert.Contains("Paris", Text(answer), StringComparison.Ordinal));
        Assert.True(_server.Stats.NumRunning >= 1, "The stalled request should still be running, or this test shows nothing.");
        stalled.Close();
        await _server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Client_Killed_ItsCellsComeBack()
    {
        var before = await _server.WaitUntilIdleAsync();
        var killed = await OpenStreamAsync(Chats.Body(Chats.Words(20, 77), ("max_tokens", 4000), ("ignore_eos", true), ("stream", true)));
        Assert.True(_server.Stats.NumUsedCells > 0);
        var steps = _server.Stats.NumSteps;
        killed.LingerState = new LingerOption(true, 0); // a reset, as of a killed process
        killed.Close();
        var after = await _server.WaitUntilIdleAsync();

        Assert.Equal(0, after.NumUsedCells);
        Assert.True(after.NumOutputTokens - before.NumOutputTokens < 4000);
        Assert.True(after.NumSteps > steps - 1);
    }

    [Fact]
    public async Task Prompt_OfContextLengthPlusOne_Is400()
    {
        var prompt = await FindPromptAsync(8192 + 1);
        using var over = await _server.ChatAsync(new { messages = new[] { new { role = "user", content = prompt } }, max_tokens = 1 });
        var error = JsonDocument.Parse(await over.Content.ReadAsStringAsync()).RootElement.GetProperty("error");

        Assert.Equal(HttpStatusCode.BadRequest, over.StatusCode);
        Assert.Equal("application/json", over.Content.Headers.ContentType!.MediaType);
        Assert.Equal(("context_length_exceeded", "messages"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Equal((8193, 8192), (error.GetProperty("n_prompt_tokens").GetInt32(), error.GetProperty("n_ctx").GetInt32()));
        Assert.Contains("maximum context length is 8192 tokens", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_ForTheWholeContext_DelaysShortChatsByAtMostOneStep()
    {
        using var longOne = await OpenStreamAsync(Chats.Body("Count to ten thousand.", ("max_tokens", 8000), ("ignore_eos", true), ("stream", true)));
        var longId = _server.ReadSteps()[^1][0].RequestId;
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async i =>
        {
            using var chat = await OpenStreamAsync(Chats.Body($"{i}: {Chats.ParisQuestion}", ("max_tokens", 5), ("stream", true)));
        }));

        // The stream beside them bounds the length of a step, so three prompts take a few; but each of these works for them. Only a step that
        // was running when a chat came, or the one that gives a first token to another, may do without.
        var steps = _server.ReadSteps();
        foreach (var chat in steps.SelectMany(rows => rows).Select(row => row.RequestId).Where(id => id > longId).Distinct())
        {
            var waited = steps.SkipWhile(rows => rows.All(row => row.RequestId < chat)).TakeWhile(rows => !rows.Any(row => row.RequestId == chat && row.NumOutputTokens > 0));
            Assert.InRange(waited.Count(rows => !rows.Any(row => row.RequestId > longId && !row.IsDecode)), 0, 1);
        }

        Assert.True(_server.Stats.NumRunning >= 1, "The long one should still be running, or this test shows nothing.");
        longOne.Close();
        await _server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Abort_AtSixtyPercent_SentAgainFindsWhatWasComputed()
    {
        var text = Chats.Words(3000, 123);
        var body = Chats.Body(text, ("max_tokens", 1));
        var size = (await TokensOfAsync(text));
        using (var cancel = new CancellationTokenSource())
        {
            var running = _server.Client.PostAsync("/v1/chat/completions", new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8), cancel.Token);
            while (_server.Stats.NumUsedCells < 0.6 * size && !running.IsCompleted)
            {
                await Task.Delay(2);
            }

            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }

        await _server.WaitUntilIdleAsync();
        var usage = (await _server.AnswerAsync(body)).GetProperty("usage");
        var cached = usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();

        Assert.InRange(cached, 0.55 * usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("prompt_tokens").GetInt32() - 1);
    }

    [Fact]
    public async Task Burst_OfTwoHundred_LosesNoneThatWasAdmitted()
    {
        await using var server = await RunningServer.StartAsync(("Inference:MaxWaiting", "64"), ("Inference:Parallel", "8"));
        var responses = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using var response = await server.ChatAsync(Chats.Capital(("max_tokens", 2), ("seed", i)));
            return (response.StatusCode, RetryAfter: response.Headers.RetryAfter, Body: await response.Content.ReadAsStringAsync());
        }));

        var taken = responses.Where(response => response.StatusCode == HttpStatusCode.OK).ToArray();
        var refused = responses.Where(response => response.StatusCode == HttpStatusCode.TooManyRequests).ToArray();
        Assert.Equal(200, taken.Length + refused.Length);
        Assert.InRange(taken.Length, 64, 200);
        Assert.All(taken, response => Assert.Equal("length", JsonDocument.Parse(response.Body).RootElement.GetProperty("choices")[0].GetProperty("finish_reason").GetString()));
        Assert.All(refused, response => Assert.NotNull(response.RetryAfter));
        await server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Bodies_OneThousandMalformed_Get4xxAndNothingHangs()
    {
        var good = JsonSerializer.Serialize(Chats.Capital(("max_tokens", 1), ("stop", new[] { "x" }), ("logit_bias", new Dictionary<string, int> { ["1"] = 1 })));
        var random = new Random(4);
        for (var i = 0; i < 1000; i++)
        {
            var body = Spoil(good, random);
            using var content = new ByteArrayContent(body);
            using var response = await _server.Client.PostAsync("/v1/chat/completions", content).WaitAsync(TimeSpan.FromSeconds(60));
            var text = await response.Content.ReadAsStringAsync();
            var isStillGood = response.StatusCode == HttpStatusCode.OK;
            Assert.True(isStillGood || (int)response.StatusCode is >= 400 and < 500, $"{response.StatusCode} for {Encoding.UTF8.GetString(body)}: {text}");
            if (!isStillGood)
            {
                var code = JsonDocument.Parse(text).RootElement.GetProperty("error").GetProperty("code");
                Assert.True(code.ValueKind is JsonValueKind.Null or JsonValueKind.String);
            }
        }
    }

    private static byte[] Spoil(string good, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(good);
        switch (random.Next(4))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                random.NextBytes(bytes);
                return bytes;
            case 2:
                // A structural character replaced always breaks the document.
                var places = Enumerable.Range(0, bytes.Length).Where(i => "{}[]:,\""u8.Contains(bytes[i])).ToArray();
                bytes[places[random.Next(places.Length)]] = (byte)"{}[]:x"[random.Next(6)];
                return bytes;
            default:
                for (var i = 0; i < 3; i++)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                return bytes;
        }
    }

    private static string Text(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    /// <summary>Sends a streaming chat and reads until the first content arrives; the socket stays open and unread after.</summary>
    private async Task<Socket> OpenStreamAsync(object body)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(body);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, _server.Address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n"));
        await socket.SendAsync(json);
        var received = "";
        var buffer = new byte[1024];
        while (!received.Contains("\"delta\":{\"content\":", StringComparison.Ordinal))
        {
            var count = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(120));
            Assert.True(count > 0, $"The stream ended before any content: {received}");
            received += Encoding.UTF8.GetString(buffer, 0, count);
        }

        return socket;
    }

    private async Task<int> TokensOfAsync(string text) =>
        (await _server.AnswerAsync(new { messages = new[] { new { role = "user", content = text[..(text.Length / 10)] } }, max_tokens = 1, cache_prompt = false }))
        .GetProperty("usage").GetProperty("prompt_tokens").GetInt32() * 10;

    // A prompt of exactly so many tokens: " x" is one token in this vocabulary.
    private async Task<string> FindPromptAsync(int numTokens)
    {
        var overhead = (await _server.AnswerAsync(new { messages = new[] { new { role = "user", content = "x x" } }, max_tokens = 1 })).GetProperty("usage").GetProperty("prompt_tokens").GetInt32() - 2;
        return "x" + string.Concat(Enumerable.Repeat(" x", numTokens - overhead - 1));
    }
}
