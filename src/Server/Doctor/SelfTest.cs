using System.Globalization;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Machines;
using InferenceServer.Server.Service;
using InferenceServer.Server.Sleep;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Server.Doctor;

/// <summary>Tries on this machine what could not be tried where the server was made: every claim about GPUs, watts, idle memory and services.</summary>
/// <param name="server">The server.</param>
/// <param name="settings">Its settings, validated.</param>
/// <param name="tools">The system's programs.</param>
/// <param name="pace">How long it may take.</param>
/// <param name="progress">Told what is done now.</param>
internal sealed class SelfTest(TestedServer server, Settings settings, ServiceTools tools, SelfTestPace pace, Action<string> progress)
{
    private const string IdleClaim = "A first token after idling comes as fast as a warm one";

    // A first token after idling may take this much longer than a warm one.
    private const double MaxIdleRatio = 1.2;

    // Long enough that the time to its first token is more than noise.
    private const int IdlePromptTokens = 256;
    private const int NumWarmRequests = 5;

    // Of the time of decoding, a GPU that has all layers works nearly always.
    private const double LeastGpuShare = 0.5;

    // Of a model's weights, a GPU with memory of its own must hold this much: the embeddings of tokens may stay behind.
    private const double LeastGpuMemory = 0.8;

    // Metal lets go of idle memory after 180 s unless it is kept (reference: llama.cpp's residency keep-alive): a shorter pause proves nothing.
    private static readonly TimeSpan LeastIdle = TimeSpan.FromMinutes(3);

    /// <summary>The machine in one row; null until <see cref="RunAsync"/> is done, and if decoding could not be measured.</summary>
    public MachineRow? Row { get; private set; }

    /// <summary>Tries everything but the service. What the server does not bear is a claim that failed.</summary>
    public async Task<List<Claim>> RunAsync(CancellationToken cancellationToken)
    {
        // While it decodes, so that a counter that stands still is found out.
        var probing = PowerProbe.RunAsync(PowerProviders.ForThisSystem(settings.Power, TimeProvider.System), pace.NumPowerSamples, pace.PowerInterval, TimeProvider.System, cancellationToken);
        var claims = new List<Claim>(await TryAsync("Decodes at 1K and at full context", TryDecodeAsync, cancellationToken));
        claims.AddRange(JudgePower(await probing));
        claims.Add(await TrySleepAsync(cancellationToken));
        claims.AddRange(await TryAsync(IdleClaim, TryIdleAsync, cancellationToken));
        return claims;
    }

    /// <summary>Whether the GPU computes.</summary>
    /// <param name="devices">What the libraries found.</param>
    /// <param name="gpuLayers">The setting.</param>
    /// <param name="gpuShare">Share of the time of decoding in which the GPU worked for the server; null if unknown.</param>
    /// <param name="gpuMemory">Bytes of memory of its own that it holds for the server; null if it has none, or does not tell.</param>
    /// <param name="weightBytes">Bytes of the model's weights; null if unknown.</param>
    internal static Claim JudgeGpu(IReadOnlyList<FoundDevice> devices, int? gpuLayers, double? gpuShare, double? gpuMemory, double? weightBytes)
    {
        const string Name = "The GPU computes";
        if (devices.FirstOrDefault(device => device.IsGpu) is not { } gpu)
        {
            return new Claim(Name, ClaimVerdict.NotApplicable, "no GPU was found");
        }

        return gpuLayers == 0 ? new Claim(Name, ClaimVerdict.NotApplicable, $"{gpu.Description} is there, but --gpu-layers 0 leaves it out")
            : gpuShare is { } share ? Judge(share >= LeastGpuShare, string.Create(CultureInfo.InvariantCulture, $"worked for the server {share * 100:F0} % of the time of decoding"))
            : gpuMemory is { } held && weightBytes is { } weights ? Judge(held >= LeastGpuMemory * weights, $"holds {MemoryAdvice.Size((long)held)} for the server, whose weights are {MemoryAdvice.Size((long)weights)}")
            : new Claim(Name, ClaimVerdict.NotTried, $"{gpu.Description} is there, but nothing tells what it does for the server");

        Claim Judge(bool holds, string seen) => new(Name, holds ? ClaimVerdict.Passed : ClaimVerdict.Failed, $"{gpu.Description} {seen}");
    }

    /// <summary>Whether decoding is as fast as it was seen to be on such chips.</summary>
    /// <param name="name">Of the claim.</param>
    /// <param name="measured">At some context.</param>
    /// <param name="share">Of the roofline; null if unknown.</param>
    /// <param name="weightBytes">Bytes of the model's weights; null if unknown.</param>
    /// <param name="chip">What computes; null if it is not in the table.</param>
    internal static Claim JudgeRate(string name, DecodeMeasurement measured, double? share, double? weightBytes, Chip? chip)
    {
        var seen = string.Create(CultureInfo.InvariantCulture, $"{measured.Rate:F1} tok/s at {measured.Context:N0} tokens{(share is { } known ? $", {known * 100:F0} % of the roofline" : "")}");
        return chip is not { DecodeShare.Low: > 0 } || share is not { } reached ? new Claim(name, ClaimVerdict.Measured, $"{seen}; what this chip should reach is not known")
            : weightBytes is not > Chip.LargeModel ? new Claim(name, ClaimVerdict.Measured, $"{seen}; the model is too small to compare it with what others saw")
            : new Claim(name, reached >= chip.DecodeShare.Low ? ClaimVerdict.Passed : ClaimVerdict.Failed, string.Create(CultureInfo.InvariantCulture, $"{seen}; others saw {chip.DecodeShare.Low * 100:F0} to {chip.DecodeShare.High * 100:F0} %"));
    }

    /// <summary>A claim for each channel of power.</summary>
    internal static IEnumerable<Claim> JudgePower(IReadOnlyList<ProbedProvider> providers)
    {
        foreach (var provider in providers)
        {
            if (provider.Fault != ChannelFault.None)
            {
                var isAbsent = provider.Fault is ChannelFault.NotFound or ChannelFault.NotSupported;
                yield return new Claim($"Power by {provider.Name}", isAbsent ? ClaimVerdict.NotApplicable : provider.Fault == ChannelFault.NotEnabled ? ClaimVerdict.NotTried : ClaimVerdict.Failed, provider.Detail ?? provider.Fault.ToString());
            }

            foreach (var (channel, samples) in provider.Channels)
            {
                var last = samples.Count > 0 ? samples[^1] : new ProbedSample(double.NaN, ChannelFault.Failed);
                var values = string.Join(", ", samples.Select(sample => sample.Fault == ChannelFault.None ? sample.Value.ToString("G4", CultureInfo.InvariantCulture) : sample.Fault.ToString().ToLowerInvariant()));
                yield return new Claim(
                    $"{channel.Id}, {channel.Quantity}{(channel.Process is { } process ? $" ({process})" : "")}",
                    last.Fault switch
                    {
                        ChannelFault.None => ClaimVerdict.Passed,
                        ChannelFault.Starting or ChannelFault.Idle or ChannelFault.NotEnabled => ClaimVerdict.NotTried,
                        ChannelFault.NotFound or ChannelFault.NotSupported => ClaimVerdict.NotApplicable,
                        _ => ClaimVerdict.Failed,
                    },
                    values.Length > 0 ? values : "no sample came");
            }
        }
    }

    /// <summary>Whether a first token after idling comes as fast as a warm one.</summary>
    internal static Claim JudgeIdle(TimeSpan idle, double warmSeconds, double idleSeconds)
    {
        var ratio = idleSeconds / warmSeconds;
        var seen = string.Create(CultureInfo.InvariantCulture, $"{idleSeconds * 1000:F0} ms after {idle.TotalSeconds:F0} idle seconds, {warmSeconds * 1000:F0} ms warm: {ratio:F2} times, {MaxIdleRatio} at most");
        return idle < LeastIdle
            ? new Claim(IdleClaim, ClaimVerdict.NotTried, $"so short a pause proves nothing; {seen}")
            : new Claim(IdleClaim, ratio <= MaxIdleRatio ? ClaimVerdict.Passed : ClaimVerdict.Failed, seen);
    }

    // A server that fails, or goes, in the midst of it must not take the other claims with it.
    private static async Task<IReadOnlyList<Claim>> TryAsync(string name, Func<CancellationToken, Task<IReadOnlyList<Claim>>> test, CancellationToken cancellationToken)
    {
        try
        {
            return await test(cancellationToken);
        }
        catch (StartupException e)
        {
            return [new Claim(name, ClaimVerdict.Failed, e.Message)];
        }
    }

    private async Task<IReadOnlyList<Claim>> TryDecodeAsync(CancellationToken cancellationToken)
    {
        Row = await MachineRow.MeasureAsync(server, settings, pace.Decode, pace.LongestContext, progress, cancellationToken);
        var machine = ThisMachine.Read(settings.Inference, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

        // What others saw, they saw on the GPU.
        var chip = machine.Family == DeviceFamily.Cpu ? null : machine.Chip;
        return
        [
            JudgeGpu(ComputeLibraries.Look(settings.Inference.Device).Devices, settings.Inference.GpuLayers, Row.Short.GpuShare, Row.GpuBytes, Row.WeightBytes),
            JudgeRate("Decode rate at 1K of context", Row.Short, Row.ShareOf(Row.Short), Row.WeightBytes, chip),
            JudgeRate("Decode rate at full context", Row.Full, Row.ShareOf(Row.Full), Row.WeightBytes, chip),
        ];
    }

    // One that is started for the test is told to keep the machine awake.
    private Task<Claim> TrySleepAsync(CancellationToken cancellationToken) =>
        new SleepTest(tools, OperatingSystem.IsMacOS()).RunAsync(
            server.ProcessId, server.WasRunning ? settings.Server.PreventSleep ?? SleepGuard.ByDefault : SleepGuardMode.Always, cancellationToken);

    private async Task<IReadOnlyList<Claim>> TryIdleAsync(CancellationToken cancellationToken)
    {
        await TakeAsync();
        progress(string.Create(CultureInfo.InvariantCulture, $"sending nothing for {pace.Idle.TotalSeconds:F0} seconds"));
        await Task.Delay(pace.Idle, cancellationToken);
        var sample = await server.SampleAsync(cancellationToken);
        var idle = await TakeAsync();

        // After it, not before: what else the machine does may have changed in these minutes.
        var warm = new List<double>();
        while (warm.Count < NumWarmRequests)
        {
            warm.Add(await TakeAsync());
        }

        return [JudgeIdle(pace.Idle, warm.Order().ElementAt(NumWarmRequests / 2), idle), JudgeResidency(sample)];

        async Task<double> TakeAsync() => (await server.CompleteAsync(IdlePromptTokens, 1, isCached: false, cancellationToken)).Seconds;
    }

    private static Claim JudgeResidency(MetricsSample sample)
    {
        const string Name = "The model's file stays in memory";
        const double Least = 0.99;
        return sample.Find("inference_model_resident_bytes") is { } resident && sample.Find("inference_model_mapped_bytes") is > 0 and var mapped
            ? new Claim(Name, resident / mapped >= Least ? ClaimVerdict.Passed : ClaimVerdict.Failed, $"{MemoryAdvice.Size((long)resident)} of {MemoryAdvice.Size((long)mapped)} after idling")
            : new Claim(Name, ClaimVerdict.NotApplicable, "nothing is mapped, or the system does not tell: Linux tells only whoever owns the model's file");
    }
}
