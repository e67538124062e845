namespace InferenceServer.Inference.Sampling;

/// <summary>Where one sequence stands in its thought: a fold over its output tokens. One thread at a time.</summary>
internal sealed class ThoughtState(ThoughtBudget budget)
{
    // A thought that does not begin with the output's first tokens does not begin any more: later, its marker is text about thoughts.
    private const int MaxTokensBefore = 4;

    private readonly StopMatcher _start = new(budget.Start is null ? [] : [budget.Start]);
    private readonly StopMatcher _end = new([budget.End]);
    private bool _isOpen = budget.IsOpen;
    private bool _isOver = !budget.IsOpen && budget.Start is null;
    private int _numTokensBefore;
    private int _numTokens;

    /// <summary>True: the budget is used up.</summary>
    public bool MustEnd => _isOpen && !_isOver && _numTokens >= budget.MaxTokens;

    /// <summary>Takes a token.</summary>
    /// <param name="bytes">Its bytes; the name of a control token.</param>
    public void Accept(ReadOnlySpan<byte> bytes)
    {
        if (_isOver)
        {
            return;
        }

        if (_isOpen)
        {
            _numTokens++;
            _isOver = _end.Feed(bytes);
        }
        else
        {
            _isOpen = _start.Feed(bytes);
            _isOver = !_isOpen && ++_numTokensBefore == MaxTokensBefore;
        }
    }

    /// <summary>The end was put into the output.</summary>
    public void End() => _isOver = true;
}
