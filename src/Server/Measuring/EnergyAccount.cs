using InferenceServer.Server.OpenAi;
using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;

namespace InferenceServer.Server.Measuring;

/// <summary>The joules of one request's answers. Opened before they are submitted, closed once, when the request is answered or given up. One thread at a time.</summary>
internal sealed class EnergyAccount(EnergyLedger ledger)
{
    private readonly List<long> _answers = [];
    private EnergyTimings? _result;
    private bool _isClosed;

    /// <summary>An answer is about to be submitted.</summary>
    /// <param name="requestId">As the engine will know it.</param>
    public void Open(long requestId)
    {
        _answers.Add(requestId);
        ledger.Open(requestId);
    }

    /// <summary>Closes it.</summary>
    /// <returns>What was published while the answers ran; null if nothing was. The same every time.</returns>
    public EnergyTimings? Close()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            var sums = new Dictionary<EnergyBoundary, RequestEnergy>();
            foreach (var (boundary, energy) in _answers.SelectMany(ledger.Close))
            {
                var sum = sums.GetValueOrDefault(boundary);
                sums[boundary] = new RequestEnergy(
                    sum.PrefillJoules + energy.PrefillJoules, sum.DecodeJoules + energy.DecodeJoules, Math.Max(sum.MeasuredSeconds, energy.MeasuredSeconds));
            }

            _result = sums.Count == 0 ? null : new EnergyTimings
            {
                Gpu = ToSource(sums, EnergyBoundary.Gpu),
                Cpu = ToSource(sums, EnergyBoundary.Cpu),
                System = ToSource(sums, EnergyBoundary.System),
            };
        }

        return _result;
    }

    private static SourceEnergy? ToSource(Dictionary<EnergyBoundary, RequestEnergy> sums, EnergyBoundary boundary) => sums.TryGetValue(boundary, out var energy)
        ? new SourceEnergy { PrefillJoules = energy.PrefillJoules, DecodeJoules = energy.DecodeJoules, MeasuredMs = energy.MeasuredSeconds * 1000 }
        : null;
}
