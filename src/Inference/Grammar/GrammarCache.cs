using System.Diagnostics;

namespace InferenceServer.Inference.Grammar;

/// <summary>
/// Results by source, the least recently used forgotten first; errors are kept too, so that a client that repeats a bad
/// schema pays for it once. Whoever asks for a source that is being compiled waits for that one. Any thread.
/// </summary>
/// <param name="capacity">Sources at most. Each may hold <see cref="GrammarLimits.MaxRememberedBytes"/> and its rules, as a rule far less.</param>
/// <param name="observer">Told how long a source took to compile, on the thread that compiled it; not told of one that was found.</param>
public sealed class GrammarCache(int capacity = 64, Action<TimeSpan>? observer = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<GrammarSource, LinkedListNode<(GrammarSource Source, Lazy<GrammarResult> Result)>> _nodes = [];
    private readonly LinkedList<(GrammarSource Source, Lazy<GrammarResult> Result)> _byUse = new();

    /// <summary>Sources held.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _nodes.Count;
            }
        }
    }

    /// <summary>
    /// Says whether a source is a grammar, and what it asks for and does not get. What is right is compiled and kept, so that the
    /// engine that shares this cache finds it. Takes up to a few seconds of the caller's time.
    /// </summary>
    public GrammarCheck Check(GrammarSource source)
    {
        var result = GetOrCompile(source);
        return new GrammarCheck(result.Error, result.Warnings);
    }

    /// <summary>The result of a source, compiled at most once while it is held. Takes up to <see cref="GrammarLimits.MaxCompileTime"/> of the caller's time.</summary>
    internal GrammarResult GetOrCompile(GrammarSource source)
    {
        Lazy<GrammarResult> result;
        lock (_lock)
        {
            if (_nodes.TryGetValue(source, out var node))
            {
                _byUse.Remove(node);
            }
            else
            {
                node = new LinkedListNode<(GrammarSource, Lazy<GrammarResult>)>((source, new Lazy<GrammarResult>(() => Compile(source))));
                _nodes.Add(source, node);
            }

            _byUse.AddFirst(node);
            if (_nodes.Count > capacity)
            {
                _nodes.Remove(_byUse.Last!.Value.Source);
                _byUse.RemoveLast();
            }

            result = node.Value.Result;
        }

        return result.Value;
    }

    private GrammarResult Compile(GrammarSource source)
    {
        var start = Stopwatch.GetTimestamp();
        var result = GrammarCompiler.Compile(source);
        observer?.Invoke(Stopwatch.GetElapsedTime(start));
        return result;
    }
}
