using System.Diagnostics.Metrics;
using System.Reflection;
using InferenceServer.Inference.Engine;
using InferenceServer.Telemetry.Metrics;

namespace InferenceServer.Server.Tests.Measuring;

/// <summary>Telemetry knows the rooms by the names of their meters: this is what holds both together.</summary>
public sealed class MeterNamesTests
{
    [Fact]
    public void Engine_NamesItsMeter_AsTelemetryKnowsIt() => Assert.Equal(MeterNames.Engine, EngineInstruments.MeterName);

    [Fact]
    public async Task Meters_ThatTelemetryListensTo_AreMadeBeforeTheFirstRequest()
    {
        var made = new HashSet<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            lock (made)
            {
                made.Add(instrument.Meter.Name);
            }
        };
        listener.Start();
        await using var app = await TestApp.StartAsync();
        var known = typeof(MeterNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        lock (made)
        {
            Assert.Empty(known.Except(made));
        }
    }
}
