using System.Collections.Concurrent;

namespace InferenceServer.Bench.Load;

/// <summary>Plays a scenario against a server and gathers what its clients saw.</summary>
internal sealed class ScenarioRun(LoadClient client, Scenario scenario)
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<CallResult>> _results = new();

    /// <summary>Plays all stages; results by group, in the order in which groups first appear.</summary>
    public async Task<IReadOnlyList<GroupResults>> RunAsync(CancellationToken cancellationToken)
    {
        foreach (var stage in scenario.Stages)
        {
            var progress = stage.Select(c => c.Group).Distinct().ToDictionary(group => group, group => new GroupProgress(stage.Count(c => c.Group == group)));
            await Task.WhenAll(stage.Select(c => RunAsync(c, progress, cancellationToken)));
        }

        return [.. scenario.Stages.SelectMany(stage => stage).Select(c => c.Group).Distinct().Select(group => new GroupResults(group, [.. _results[group]]))];
    }

    private async Task RunAsync(ScenarioClient script, Dictionary<string, GroupProgress> progress, CancellationToken cancellationToken)
    {
        if (script.Start.AfterGroup is { } awaited)
        {
            await progress[awaited].WaitAsync(script.Start.NumPortions).WaitAsync(cancellationToken);
        }

        if (script.Start.Delay > TimeSpan.Zero)
        {
            await Task.Delay(script.Start.Delay, cancellationToken);
        }

        var own = progress[script.Group];
        var messages = new List<ChatTurn>();
        if (script.System is not null)
        {
            messages.Add(new ChatTurn("system", script.System));
        }

        foreach (var turn in script.Turns)
        {
            messages.Add(new ChatTurn("user", turn));
            var call = new ChatCall { Messages = [.. messages], MaxTokens = script.MaxTokens, AbortAfter = GetAbort(script) };
            var result = await client.SendAsync(call, own.Count, cancellationToken);
            _results.GetOrAdd(script.Group, _ => new ConcurrentQueue<CallResult>()).Enqueue(result);
            messages.Add(new ChatTurn("assistant", result.Text));
        }

        own.End();
    }

    private TimeSpan? GetAbort(ScenarioClient script) => script.Abort is { } abort
        ? TimeSpan.FromSeconds(abort.Share * _results[abort.MeasuredGroup].Max(result => result.TimeToFirstToken))
        : null;

    /// <summary>How far the clients of one group are, for those that wait for them.</summary>
    private sealed class GroupProgress(int numClients)
    {
        private readonly Lock _gate = new();
        private readonly List<(int NumPortions, TaskCompletionSource Reached)> _waiting = [];
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _numPortions;
        private int _numClients = numClients;

        public Task WaitAsync(int numPortions)
        {
            if (numPortions == 0)
            {
                return _ended.Task;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                _waiting.Add((numPortions, reached));
            }

            // A group that failed streams nothing: do not wait for it for ever.
            return Task.WhenAny(reached.Task, _ended.Task);
        }

        public void Count()
        {
            lock (_gate)
            {
                _numPortions++;
                foreach (var (numPortions, reached) in _waiting)
                {
                    if (_numPortions >= numPortions)
                    {
                        reached.TrySetResult();
                    }
                }
            }
        }

        public void End()
        {
            if (Interlocked.Decrement(ref _numClients) == 0)
            {
                _ended.TrySetResult();
            }
        }
    }
}
