namespace InferenceServer.Inference.Engine;

/// <summary>
/// The way out for reports of steps: one writer, which never waits and never allocates, and one reader, which looks when it likes. Who is not
/// read in time loses reports, and only reports: what must be complete is counted in <see cref="EngineStats"/>.
/// </summary>
/// <param name="maxRows">Rows of a step at most.</param>
public sealed class StepReportQueue(int maxRows)
{
    // Some seconds of the fastest steps there are (a tiny model on a CPU makes 300 a second).
    private const int Capacity = 1024;

    private readonly StepReport[] _reports = new StepReport[Capacity];
    private readonly int[] _numRows = new int[Capacity];
    private readonly StepRow[] _rows = new StepRow[Capacity * maxRows];

    // Counts of reports, not indices; each is written by one side only.
    private long _numWritten;
    private long _numRead;
    private long _numDropped;

    /// <summary>Reports that found no room; any thread.</summary>
    public long NumDropped => Volatile.Read(ref _numDropped);

    /// <summary>Writer: where the rows of the next report go; empty if the queue is full, and the report is then dropped.</summary>
    public Span<StepRow> Begin()
    {
        if (_numWritten - Volatile.Read(ref _numRead) == Capacity)
        {
            Volatile.Write(ref _numDropped, _numDropped + 1);
            return [];
        }

        return RowsOf(_numWritten);
    }

    /// <summary>Writer, after <see cref="Begin"/> gave room: the report is there to be read.</summary>
    /// <param name="report">The step.</param>
    /// <param name="numRows">Rows that were filled in.</param>
    public void End(in StepReport report, int numRows)
    {
        var index = _numWritten % Capacity;
        _reports[index] = report;
        _numRows[index] = numRows;
        Volatile.Write(ref _numWritten, _numWritten + 1);
    }

    /// <summary>Reader: hands the oldest report to an observer; false if there is none.</summary>
    public bool TryRead(StepObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (_numRead == Volatile.Read(ref _numWritten))
        {
            return false;
        }

        var index = _numRead % Capacity;
        observer(_reports[index], RowsOf(_numRead)[.._numRows[index]]);
        Volatile.Write(ref _numRead, _numRead + 1);
        return true;
    }

    private Span<StepRow> RowsOf(long report) => _rows.AsSpan((int)(report % Capacity) * maxRows, maxRows);
}
