using System.Globalization;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Machines;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Server.Doctor;

/// <summary>Tries on this machine what could not be tried where the server was made: every claim about GPUs, watts, idle memory and services.</summary>
/// <param name="server">The server.</param>
/// <param name="settings">Its settings, validated.</param>
/// <param name="pace">How long it may take.</param>
/// <param name="progress">Told what is done now.</param>
internal sealed class SelfTest(TestedServer server, Settings settings, SelfTestPace pace, Action<string> progress)
{
    // A first token after idling may take this much longer than a warm one.
    private const double MaxIdleRatio = 1.2;

    // Long enough that the time to its first token is more than noise.
    private const int IdlePromptTokens = 256;
    private const int NumWarmRequests = 5;

    // Of the time of decoding, a GPU that has all layers works nearly always.
    private const double LeastGpuShare = 0.5;

    /// <summary>The machine in one row; null until <see cref="RunAsync"/> is done.</summary>
    public MachineRow? Row { get; private set; }

    /// <summary>Tries everything but the service.</summary>
    public async Task<List<Claim>> RunAsync(CancellationToken cancellationToken)
    {
        // While it decodes, so that a counter that stands still is found out.
        var probing = PowerProbe.RunAsync(PowerProviders.ForThisSystem(settings.Power, TimeProvider.System), pace.NumPowerSamples, pace.PowerInterval, TimeProvider.System, cancellationToken);
        Row = await MachineRow.MeasureAsync(server, settings, pace.Decode, pace.LongestContext, progress, cancellationToken);
        var claims = new List<Claim> { JudgeGpu(ComputeLibraries.Look(settings.Inference.Device), settings.Inference.GpuLayers, Row.Short.GpuShare) };
        var chip = ThisMachine.Read(settings.Inference, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance).Chip;
        claims.Add(JudgeRate("Decodes at 1K of context as fast as memory allows", Row.Short, Row.Share, chip));
        claims.Add(JudgeRate("Decodes at full context as fast as memory allows", Row.Full, Row.Full.BytesPerSecond / Row.Bandwidth, chip));
        claims.AddRange(JudgePower(await probing));
        claims.AddRange(await TryIdleAsync(cancellationToken));
        return claims;
    }

    /// <summary>Whether the GPU computes.</summary>
    internal static Claim JudgeGpu(ComputeLibraries libraries, int? gpuLayers, double? gpuShare)
    {
        const string Name = "The GPU computes";
        var gpu = libraries.Devices.FirstOrDefault(device => device.IsGpu);
        return gpu is null ? new Claim(Name, ClaimVerdict.DoesNotApply, "no GPU was found")
            : gpuLayers == 0 ? new Claim(Name, ClaimVerdict.DoesNotApply, $"{gpu.Description} is there, but --gpu-layers 0 leaves it out")
            : gpuShare is not { } share ? new Claim(Name, ClaimVerdict.NotTried, $"{gpu.Description} is there, but nothing tells how long it works for this process")
            : new Claim(Name, share >= LeastGpuShare ? ClaimVerdict.Holds : ClaimVerdict.Fails, string.Create(CultureInfo.InvariantCulture, $"{gpu.Description} worked for the server {share * 100:F0} % of the time of decoding"));
    }

    /// <summary>Whether decoding is as fast as it was seen to be on such chips.</summary>
    internal static Claim JudgeRate(string name, DecodeMeasurement measured, double? share, Chip? chip)
    {
        var seen = string.Create(CultureInfo.InvariantCulture, $"{measured.Rate:F1} tok/s at {measured.Context:N0} tokens{(share is { } known ? $", {known * 100:F0} % of the roofline" : "")}");
        return chip is { DecodeShare.Low: > 0 } && share is { } reached
            ? new Claim(name, reached >= chip.DecodeShare.Low ? ClaimVerdict.Holds : ClaimVerdict.Fails, string.Create(CultureInfo.InvariantCulture, $"{seen}; others saw {chip.DecodeShare.Low * 100:F0} to {chip.DecodeShare.High * 100:F0} % with models beyond 30 GB"))
            : new Claim(name, ClaimVerdict.Measured, seen);
    }

    /// <summary>A claim for each channel of power.</summary>
    internal static IEnumerable<Claim> JudgePower(IReadOnlyList<ProbedProvider> providers)
    {
        foreach (var provider in providers)
        {
            if (provider.Fault != ChannelFault.None)
            {
                var isAbsent = provider.Fault is ChannelFault.NotFound or ChannelFault.NotSupported;
                yield return new Claim($"Power by {provider.Name}", isAbsent ? ClaimVerdict.DoesNotApply : provider.Fault == ChannelFault.NotEnabled ? ClaimVerdict.NotTried : ClaimVerdict.Fails, provider.Detail ?? provider.Fault.ToString());
            }

            foreach (var (channel, samples) in provider.Channels)
            {
                var last = samples.Count > 0 ? samples[^1] : new ProbedSample(double.NaN, ChannelFault.Failed);
                var values = string.Join(", ", samples.Select(sample => sample.Fault == ChannelFault.None ? sample.Value.ToString("G4", CultureInfo.InvariantCulture) : sample.Fault.ToString().ToLowerInvariant()));
                yield return new Claim(
                    $"{channel.Id}, {channel.Quantity}{(channel.Process is { } process ? $" ({process})" : "")}",
                    last.Fault switch
                    {
                        ChannelFault.None => ClaimVerdict.Holds,
                        ChannelFault.Starting or ChannelFault.Idle or ChannelFault.NotEnabled => ClaimVerdict.NotTried,
                        ChannelFault.NotFound or ChannelFault.NotSupported => ClaimVerdict.DoesNotApply,
                        _ => ClaimVerdict.Fails,
                    },
                    values);
            }
        }
    }

    /// <summary>Whether a first token after idling comes as fast as a warm one.</summary>
    internal static Claim JudgeIdle(TimeSpan idle, double warmSeconds, double idleSeconds)
    {
        var ratio = idleSeconds / warmSeconds;
        return new Claim(
            string.Create(CultureInfo.InvariantCulture, $"First token after {idle.TotalSeconds:F0} idle seconds within {MaxIdleRatio} of warm"),
            ratio <= MaxIdleRatio ? ClaimVerdict.Holds : ClaimVerdict.Fails,
            string.Create(CultureInfo.InvariantCulture, $"{idleSeconds * 1000:F0} ms after idling, {warmSeconds * 1000:F0} ms warm: {ratio:F2}"));
    }

    private async Task<IReadOnlyList<Claim>> TryIdleAsync(CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var i = 0; i < NumWarmRequests; i++)
        {
            times.Add((await server.CompleteAsync(IdlePromptTokens, 1, isCached: false, cancellationToken)).Seconds);
        }

        progress(string.Create(CultureInfo.InvariantCulture, $"sending nothing for {pace.Idle.TotalSeconds:F0} seconds"));
        await Task.Delay(pace.Idle, cancellationToken);
        var sample = await server.SampleAsync(cancellationToken);
        var idle = await server.CompleteAsync(IdlePromptTokens, 1, isCached: false, cancellationToken);
        return [JudgeIdle(pace.Idle, times.Order().ElementAt(NumWarmRequests / 2), idle.Seconds), JudgeResidency(sample)];
    }

    private static Claim JudgeResidency(MetricsSample sample)
    {
        const string Name = "The model's file stays in memory";
        const double Least = 0.99;
        return sample.Find("inference_model_resident_bytes") is { } resident && sample.Find("inference_model_mapped_bytes") is > 0 and var mapped
            ? new Claim(Name, resident / mapped >= Least ? ClaimVerdict.Holds : ClaimVerdict.Fails, $"{MemoryAdvice.Size((long)resident)} of {MemoryAdvice.Size((long)mapped)} after idling")
            : new Claim(Name, ClaimVerdict.DoesNotApply, "nothing is mapped, or the system does not tell");
    }
}
