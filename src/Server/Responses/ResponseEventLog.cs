namespace InferenceServer.Server.Responses;

/// <summary>
/// The events of a response in the background, kept as long as it runs: one writer, any number of readers, each from where it
/// wants. Event number n is the one whose <c>sequence_number</c> is n. Any thread.
/// </summary>
internal sealed class ResponseEventLog
{
    private readonly Lock _lock = new();
    private readonly List<byte[]> _events = [];
    private TaskCompletionSource _news = NewSignal();
    private bool _isComplete;

    /// <summary>Adds whole events.</summary>
    /// <param name="text">One or more, each with the blank line that ends it.</param>
    public void Append(ReadOnlySpan<byte> text)
    {
        TaskCompletionSource news;
        lock (_lock)
        {
            while (text.Length > 0)
            {
                var length = text.IndexOf("\n\n"u8) + 2;
                _events.Add(text[..length].ToArray());
                text = text[length..];
            }

            (news, _news) = (_news, NewSignal());
        }

        news.SetResult();
    }

    /// <summary>No more events follow.</summary>
    public void Complete()
    {
        TaskCompletionSource news;
        lock (_lock)
        {
            _isComplete = true;
            news = _news;
        }

        news.TrySetResult();
    }

    /// <summary>The events from a number on, as many as there are.</summary>
    /// <param name="first">Number of the first one.</param>
    /// <param name="news">Ends when there are more; null if none will follow.</param>
    public IReadOnlyList<byte[]> Read(int first, out Task? news)
    {
        lock (_lock)
        {
            news = _isComplete ? null : _news.Task;
            return first < _events.Count ? _events.GetRange(first, _events.Count - first) : [];
        }
    }

    /// <summary>All events so far, one behind the other.</summary>
    public byte[] ToArray()
    {
        lock (_lock)
        {
            return [.. _events.SelectMany(item => item)];
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
