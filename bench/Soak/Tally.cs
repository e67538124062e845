using System.Collections.Concurrent;

namespace InferenceServer.Bench.Soak;

/// <summary>What became of all requests, by kind of client. Any thread.</summary>
internal sealed class Tally
{
    private const int MaxDetails = 10;

    private readonly ConcurrentDictionary<(string Kind, Ending Ending), long> _endings = new();
    private readonly ConcurrentQueue<string> _details = new();
    private long _numSent;
    private long _numEnded;
    private long _numTextLeftAdmitted;

    /// <summary>Requests sent.</summary>
    public long NumSent => Interlocked.Read(ref _numSent);

    /// <summary>Requests that ended.</summary>
    public long NumEnded => Interlocked.Read(ref _numEnded);

    /// <summary>Of those for text that were left, the ones that the server is known to have taken.</summary>
    public long NumTextLeftAdmitted => Interlocked.Read(ref _numTextLeftAdmitted);

    /// <summary>The first few that ended as none should.</summary>
    public IEnumerable<string> Details => _details.Take(MaxDetails);

    /// <summary>A request goes out.</summary>
    public void Send() => Interlocked.Increment(ref _numSent);

    /// <summary>It ended.</summary>
    public void End(ClientKind kind, Outcome outcome)
    {
        _endings.AddOrUpdate((kind.Name, outcome.Ending), 1, static (_, count) => count + 1);
        if (kind.IsText && outcome is { Ending: Ending.Left, IsAdmitted: true })
        {
            Interlocked.Increment(ref _numTextLeftAdmitted);
        }

        if (outcome.Ending is not (Ending.Answered or Ending.Refused or Ending.Left))
        {
            _details.Enqueue($"{kind.Name}: {outcome.Ending}. {outcome.Detail}");
        }

        Interlocked.Increment(ref _numEnded);
    }

    /// <summary>Requests of a kind that ended so.</summary>
    public long Count(ClientKind kind, Ending ending) => _endings.GetValueOrDefault((kind.Name, ending));

    /// <summary>Requests that ended so.</summary>
    public long Count(Ending ending) => _endings.Where(each => each.Key.Ending == ending).Sum(each => each.Value);
}
