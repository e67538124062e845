namespace InferenceServer.Bench.Load;

/// <summary>Load without a script: requests of one size, either as fast as a number of streams takes them or at a rate of their own.</summary>
internal sealed class GeneratedLoad(LoadClient client, int promptWords, int maxTokens, int seed)
{
    private readonly Prompts _prompts = new(seed);
    private readonly Random _arrivals = new(seed);

    /// <summary>False: requests neither use cached prefixes nor leave any behind.</summary>
    public bool ReusePrefix { get; init; } = true;

    /// <summary>Closed loop: each stream sends its next request when the answer to the one before has ended.</summary>
    public async Task<GroupResults> RunClosedAsync(int numStreams, int numRequests, CancellationToken cancellationToken)
    {
        var calls = new Queue<ChatCall>(Enumerable.Range(0, numRequests).Select(_ => CreateCall()));
        var results = new List<CallResult>();
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, numStreams).Select(_ => RunStreamAsync()));
        return new GroupResults($"closed loop, {numStreams} streams", results);

        async Task RunStreamAsync()
        {
            while (true)
            {
                ChatCall? call;
                lock (gate)
                {
                    if (!calls.TryDequeue(out call))
                    {
                        return;
                    }
                }

                var result = await client.SendAsync(call, onContent: null, cancellationToken);
                lock (gate)
                {
                    results.Add(result);
                }
            }
        }
    }

    /// <summary>Open loop: requests arrive as a Poisson process whatever the server does, as those of many independent users would.</summary>
    public async Task<GroupResults> RunOpenAsync(double requestsPerSecond, int numRequests, CancellationToken cancellationToken)
    {
        var running = new List<Task<CallResult>>();
        var next = client.Now;
        for (var i = 0; i < numRequests; i++)
        {
            next += -Math.Log(1 - _arrivals.NextDouble()) / requestsPerSecond;
            var call = CreateCall();
            if (next - client.Now is > 0 and var wait)
            {
                await Task.Delay(TimeSpan.FromSeconds(wait), cancellationToken);
            }

            running.Add(client.SendAsync(call, onContent: null, cancellationToken));
        }

        return new GroupResults($"open loop, {requestsPerSecond:0.##} requests/s", await Task.WhenAll(running));
    }

    private ChatCall CreateCall() =>
        new() { Messages = [new ChatTurn("user", _prompts.Next(promptWords))], MaxTokens = maxTokens, ReusePrefix = ReusePrefix };
}
