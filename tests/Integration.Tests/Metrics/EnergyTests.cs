using System.Net.Http.Json;
using System.Text.Json;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>From a counter of the kernel's and a driver's library to joules per token, in a server's own process under load.</summary>
public sealed class EnergyTests
{
    private const double PricePerKwh = 0.30;

    private static readonly (string Source, double Watts)[] Sources =
        [("cpu", StandInMachine.CpuWatts), ("system", StandInMachine.SystemWatts), ("gpu", StandInMachine.GpuWatts)];

    [SkippableFact]
    public async Task Server_OnAMachineThatMeasuresItself_TellsTheJoulesOfItsTokens()
    {
        using var machine = new StandInMachine();
        Skip.IfNot(machine.WhyNoGpu is null, machine.WhyNoGpu);
        await using var server = await ServerProcess.StartAsync([.. machine.Settings, ("Power:IntervalMs", "100"), ("Power:PricePerKwh", "0.30"), ("Power:Currency", "CHF")]);

        // What an idle machine takes is learned while it is idle; a request with joules needs readings within it.
        await WaitForAsync(server, page => Sources.All(source => page.Sum("inference_energy_joules_total", ("source", source.Source), ("phase", "idle")) > source.Watts));
        var timings = await ChatAsync(server, maxTokens: 80);
        var page = await WaitForAsync(server, page => Sources.All(source => page.Sum("inference_energy_per_token_joules", ("source", source.Source)) > 0));

        foreach (var (source, watts) in Sources)
        {
            Assert.Equal(1, page.Sum("inference_energy_available", ("source", source), ("reason", "none")));
            Assert.True(page.Sum("inference_energy_joules_total", ("source", source), ("phase", "prefill")) > 0, source);
            Assert.True(page.Sum("inference_energy_joules_total", ("source", source), ("phase", "decode")) > 0, source);

            var perToken = page.Sum("inference_energy_per_token_joules", ("source", source));
            Assert.Equal(1, perToken * page.Sum("inference_energy_tokens_per_joule", ("source", source)), 0.1);
            Assert.Equal(PricePerKwh / 3.6, page.Sum("inference_energy_cost_per_million_tokens", ("source", source), ("currency", "CHF")) / perToken, 0.01);

            // The request ran alone, so the joules of its steps are the machine's while they ran.
            var energy = timings.GetProperty("energy").GetProperty(source);
            var seconds = energy.GetProperty("measured_ms").GetDouble() / 1000;
            var joules = energy.GetProperty("prefill_joules").GetDouble() + energy.GetProperty("decode_joules").GetDouble();
            Assert.InRange(seconds, 0.1, (timings.GetProperty("prompt_ms").GetDouble() + timings.GetProperty("predicted_ms").GetDouble()) / 1000 * 1.1);
            Assert.InRange(joules / seconds, watts * 0.8, watts * 1.2);
        }

        // What the channels counted is what was split up, but for what came in since the last step.
        var counted = page.Sum("hw_energy_joules_total", ("hw_id", "rapl/package-0"));
        Assert.InRange(page.Sum("inference_energy_joules_total", ("source", "cpu")), counted - (5 * StandInMachine.CpuWatts), counted + StandInMachine.CpuWatts);
        Assert.Equal(StandInMachine.SystemWatts, page.Sum("hw_host_power_watts"), 1);
        Assert.Equal(361, page.Sum("hw_power_watts", ("hw_type", "gpu")), 1); // the watts that the library tells need not be its counter's

        // The watts of one tenth of a second are its own: a stand-in that did not get a processor then has counted nothing.
        await WaitForAsync(server, page => page.Sum("hw_power_watts", ("hw_id", "rapl/package-0")) is > StandInMachine.CpuWatts * 0.5 and < StandInMachine.CpuWatts * 1.5);
    }

    private static async Task<JsonElement> ChatAsync(ServerProcess server, int maxTokens)
    {
        using var response = await server.Client.PostAsJsonAsync("/v1/chat/completions", new
        {
            messages = new[] { new { role = "user", content = "Tell me a long story about a lighthouse, its keeper, his dog and the sea." } },
            max_tokens = maxTokens,
            ignore_eos = true,
        });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("timings");
    }

    private static async Task<MetricsPage> WaitForAsync(ServerProcess server, Func<MetricsPage, bool> isThere)
    {
        var deadline = DateTime.UtcNow.AddSeconds(120);
        while (true)
        {
            var text = await server.Client.GetStringAsync("/metrics");
            var page = MetricsPage.Parse(text);
            if (isThere(page))
            {
                return page;
            }

            Assert.True(DateTime.UtcNow < deadline, string.Join('\n', text.Split('\n').Where(line => line.Contains("energy", StringComparison.Ordinal) || line.Contains("watts", StringComparison.Ordinal))));
            await Task.Delay(100);
        }
    }
}
