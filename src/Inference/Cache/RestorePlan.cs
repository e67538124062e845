namespace InferenceServer.Inference.Cache;

/// <summary>Spans that bring a prefix back, one after the other. Holds them whatever becomes of the store. Engine thread only.</summary>
/// <param name="spans">In order, without gaps; at least one.</param>
/// <param name="end">Position after the last token that may be used of the last one.</param>
internal sealed class RestorePlan(IReadOnlyList<SavedSpan> spans, int end)
{
    private int _next;

    /// <summary>Position after the last token that comes back.</summary>
    public int End => end;

    /// <summary>The next span, which continues where the one before ended; null after the last.</summary>
    public SavedSpan? Next => _next < spans.Count ? spans[_next] : null;

    /// <summary>Brings nothing more back.</summary>
    public void Stop() => _next = spans.Count;

    /// <summary>Goes on to the span after <see cref="Next"/>.</summary>
    public void Advance() => _next++;
}
