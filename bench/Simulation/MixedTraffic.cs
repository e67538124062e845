namespace InferenceServer.Bench.Simulation;

/// <summary>
/// Seeded traffic of agents, documents and voice commands. Documents and voice commands arrive when they like; an agent sends
/// its next round when a tool has answered the last one, and begins a new task when a conversation is long enough.
/// </summary>
internal sealed class MixedTraffic(MixedTrafficSettings settings)
{
    private readonly Random _random = new(settings.Seed);
    private readonly int[] _agentSystem = CreateTokens(new Random(settings.Seed), settings.AgentSystemTokens);
    private readonly Dictionary<SimulatedRequest, int> _agentOf = [];

    /// <summary>All requests that arrive by themselves, and the first of every agent.</summary>
    public IReadOnlyList<SimulatedRequest> CreateArrivals()
    {
        var arrivals = new List<SimulatedRequest>();
        AddPoisson(arrivals, settings.SecondsBetweenDocuments, at =>
            new SimulatedRequest(TrafficKind.Document, at, CreateTokens(_random, _random.Next(6_000, 10_001)), _random.Next(100, 301)));
        AddPoisson(arrivals, settings.SecondsBetweenVoiceCommands, at =>
            new SimulatedRequest(TrafficKind.Voice, at, CreateTokens(_random, _random.Next(100, 201)), 40));
        for (var agent = 0; agent < settings.NumAgents; agent++)
        {
            arrivals.Add(BeginTask(agent, _random.NextDouble() * 60_000));
        }

        return arrivals;
    }

    /// <summary>What a request that ended makes its client send next; null if nothing.</summary>
    public SimulatedRequest? GetNext(SimulatedRequest ended)
    {
        if (!_agentOf.Remove(ended, out var agent))
        {
            return null;
        }

        // Most rounds are a tool's answer within a second or two; sometimes a human reads first.
        var pause = _random.Next(4) == 0 ? _random.Next(15_000, 60_000) : _random.Next(500, 3_000);
        var at = ended.LastTokenAt + pause;
        var conversation = ended.Sequence!.Tokens;
        if (at > settings.DurationMs)
        {
            return null;
        }

        return conversation.Length > settings.AgentTaskTokens
            ? BeginTask(agent, at)
            : AddAgentRequest(agent, at, [.. conversation, .. CreateTokens(_random, _random.Next(50, 800))]);
    }

    private SimulatedRequest BeginTask(int agent, double at) =>
        AddAgentRequest(agent, at, [.. _agentSystem, .. CreateTokens(_random, _random.Next(50, 400))]);

    private SimulatedRequest AddAgentRequest(int agent, double at, int[] prompt)
    {
        var request = new SimulatedRequest(TrafficKind.Agent, at, prompt, _random.Next(40, 250));
        _agentOf.Add(request, agent);
        return request;
    }

    private void AddPoisson(List<SimulatedRequest> arrivals, double meanSeconds, Func<double, SimulatedRequest> create)
    {
        var at = 0.0;
        while (true)
        {
            at += -Math.Log(1 - _random.NextDouble()) * meanSeconds * 1000;
            if (at > settings.DurationMs)
            {
                return;
            }

            arrivals.Add(create(at));
        }
    }

    private static int[] CreateTokens(Random random, int count)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            tokens[i] = random.Next(128_000);
        }

        return tokens;
    }
}
