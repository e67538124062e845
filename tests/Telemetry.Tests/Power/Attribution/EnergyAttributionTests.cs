using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;

namespace InferenceServer.Telemetry.Tests.Power.Attribution;

public sealed class EnergyAttributionTests
{
    private readonly StepHistory _history = new(64, 256);
    private readonly Dictionary<long, double> _joulesByRequest = [];

    [Fact]
    public void Window_WithoutSteps_IsIdle()
    {
        var attribution = new EnergyAttribution(_history);
        Attribute(attribution, 0, 2, 30);
        Assert.Equal(30, attribution.Totals.Idle);
        Assert.Equal(15, attribution.IdleWatts);
        Assert.Equal(0, attribution.Totals.Steps);
    }

    [Fact]
    public void Window_FullOfSteps_IsTheirs()
    {
        var attribution = new EnergyAttribution(_history);
        _history.Add(0, 1, [new(1, true, 1, 0)]);
        _history.Add(1, 2, [new(1, false, 1, 1)]);
        Attribute(attribution, 0, 2, 100);
        Assert.Equal(50, attribution.Totals.Prefill);
        Assert.Equal(50, attribution.Totals.Decode);
        Assert.Equal(0, attribution.Totals.Idle);
        Assert.Equal(1, attribution.Totals.OutputTokens);
        Assert.Equal(2, attribution.Totals.StepSeconds);
    }

    // A decode row beside 256 prefill tokens pays what it costs: on a GPU that reads 40 GB of weights a step, far more than 1/257.
    [Fact]
    public void Step_WithPrefillAndDecode_IsSplitByCostNotByTokens()
    {
        var attribution = new EnergyAttribution(_history);
        _history.Add(0, 1, [new(1, false, 46, 1), new(2, true, 173, 0)]);
        Attribute(attribution, 0, 1, 219);
        Assert.Equal(46, attribution.Totals.Decode, 4);
        Assert.Equal(173, attribution.Totals.Prefill, 4);
        Assert.Equal(46, _joulesByRequest[1], 4);
        Assert.Equal(173, _joulesByRequest[2], 4);
    }

    [Fact]
    public void Step_AcrossTwoWindows_PaysInBoth()
    {
        var attribution = new EnergyAttribution(_history);
        _history.Add(0.5, 1.5, [new(1, false, 1, 1)]);
        Attribute(attribution, 0, 1, 10);
        Attribute(attribution, 1, 2, 20);

        // Nothing is known of idle watts yet, so time decides.
        Assert.Equal(15, attribution.Totals.Decode);
        Assert.Equal(15, attribution.Totals.Idle);
        Assert.Equal(1, attribution.Totals.OutputTokens);
    }

    // Half a second of work in a window of two seconds: by time alone it would pay a quarter of what it used.
    [Fact]
    public void Window_PartlyIdle_ChargesIdleTimeWhatIdleCosts()
    {
        var attribution = new EnergyAttribution(_history);
        Attribute(attribution, 0, 2, 10);
        _history.Add(2.5, 3, [new(1, false, 1, 1)]);
        Attribute(attribution, 2, 4, 7.5 + 50);
        Assert.Equal(50, attribution.Totals.Decode, 6);
        Assert.Equal(10 + 7.5, attribution.Totals.Idle, 6);
    }

    [Fact]
    public void Window_PartlyIdleAndCheaperThanIdle_NeverGivesNegativeJoules()
    {
        var attribution = new EnergyAttribution(_history);
        Attribute(attribution, 0, 1, 100);
        _history.Add(1.5, 2, [new(1, false, 1, 1)]);
        Attribute(attribution, 1, 2, 8);
        Assert.Equal(4, attribution.Totals.Decode);
        Assert.Equal(104, attribution.Totals.Idle);
    }

    [Fact]
    public void Steps_BeforeTheFirstWindow_AreLeftAlone()
    {
        _history.Add(0, 1, [new(1, false, 1, 1)]);
        var attribution = new EnergyAttribution(_history);
        _history.Add(1, 2, [new(2, false, 1, 1)]);
        Attribute(attribution, 1, 2, 10);
        Assert.Equal([2L], _joulesByRequest.Keys);
    }

    [Fact]
    public void Window_OverForgottenSteps_IsUnknownForThatTime()
    {
        var attribution = new EnergyAttribution(_history);
        for (var i = 0; i < 100; i++)
        {
            _history.Add(i, i + 1, [new(i, false, 1, 1)]);
        }

        Attribute(attribution, 0, 100, 1000);
        Assert.Equal(360, attribution.Totals.Unknown, 6); // 36 of 100 steps are forgotten
        Assert.Equal(640, attribution.Totals.Decode, 3);
    }

    [Fact]
    public void Joules_OfAnySteps_AddUpToTheWindows()
    {
        var steps = from gap in Gen.Choose(0, 30)
                    from length in Gen.Choose(1, 200)
                    from rows in Gen.Choose(1, 4)
                    from prefill in Gen.Choose(0, 4)
                    from cost in Gen.Choose(0, 100)
                    select (Gap: gap / 100.0, Length: length / 100.0, Rows: rows, Prefill: prefill, Cost: cost);
        var windows = from length in Gen.Choose(5, 300) from joules in Gen.Choose(0, 5000) select (Length: length / 100.0, Joules: (double)joules);
        var property = Prop.ForAll(Arb.From(steps.ListOf(80)), Arb.From(windows.ListOf(40)), (given, readings) =>
        {
            var history = new StepHistory(32, 64);
            var attribution = new EnergyAttribution(history);
            var (at, sum, byRequests) = (0.0, 0.0, 0.0);
            foreach (var step in given)
            {
                at += step.Gap;
                history.Add(at, at + step.Length, [.. Enumerable.Range(0, step.Rows).Select(row => new StepShare(row, row < step.Prefill, step.Cost + row, 1))]);
                at += step.Length;
            }

            var from = 0.0;
            foreach (var (length, joules) in readings)
            {
                attribution.Attribute(new EnergyWindow(from, from + length, joules), (in StepShare _, double part, double _, int _) => byRequests += part, 0);
                from += length;
                sum += joules;
            }

            var totals = attribution.Totals;
            var parts = new[] { totals.Prefill, totals.Decode, totals.Idle, totals.Unknown };
            return parts.All(part => part >= 0) && Math.Abs(parts.Sum() - sum) < 1e-3 && Math.Abs(byRequests - totals.Steps) < 1e-3;
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), property);
    }

    private void Attribute(EnergyAttribution attribution, double from, double to, double joules) => attribution.Attribute(
        new EnergyWindow(from, to, joules),
        static (in StepShare share, double part, double _, Dictionary<long, double> sums) => sums[share.RequestId] = sums.GetValueOrDefault(share.RequestId) + part,
        _joulesByRequest);
}
