namespace InferenceServer.Inference.Engine;

/// <summary>The host's side of <see cref="IInferenceEngine.StepReports"/>: the one reader, for all who want to know. Any thread.</summary>
/// <param name="engine">Whose steps.</param>
/// <param name="observers">Each is told of every step, in order, by whoever calls <see cref="Read"/>.</param>
public sealed class StepReader(IInferenceEngine engine, IEnumerable<StepObserver> observers)
{
    private readonly StepObserver _observers = Combine([.. observers]);
    private readonly Lock _gate = new();

    /// <summary>Tells the observers of all steps that were reported by now.</summary>
    public void Read()
    {
        lock (_gate)
        {
            while (engine.StepReports.TryRead(_observers))
            {
            }
        }
    }

    private static StepObserver Combine(StepObserver[] observers) => (in StepReport report, ReadOnlySpan<StepRow> rows) =>
    {
        foreach (var observer in observers)
        {
            observer(report, rows);
        }
    };
}
