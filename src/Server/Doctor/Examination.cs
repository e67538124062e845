using System.Globalization;
using System.Runtime.InteropServices;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Machines;
using InferenceServer.Server.Service;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Server.Doctor;

/// <summary>Looks at the machine, the settings and what they name. Changes nothing, loads no model.</summary>
/// <param name="tools">The system's programs.</param>
internal sealed class Examination(ServiceTools tools)
{
    // Enough for a counter that moves; the doctor's look at power alone takes its time.
    private static readonly TimeSpan PowerInterval = TimeSpan.FromMilliseconds(300);

    // A program of the system that does not answer must not hold up the page.
    private static readonly TimeSpan ToolPatience = TimeSpan.FromSeconds(15);

    /// <summary>Looks at everything, in the order of the page.</summary>
    /// <param name="settings">As the server would have them.</param>
    /// <param name="errors">What is wrong with them; nothing that they name is looked at then.</param>
    /// <param name="cancellationToken">To stop.</param>
    public async IAsyncEnumerable<Finding> RunAsync(
        Settings settings, IReadOnlyList<string> errors, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var linux = new LinuxChecks();
        yield return Finding.Ok("program", $"inference-server {ServerVersion.Text} on .NET {Environment.Version}, {RuntimeInformation.RuntimeIdentifier}");
        yield return Finding.Ok("system", $"{linux.SystemName ?? RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture}), {Environment.ProcessorCount} processors");
        yield return ExamineMemory();
        var libraries = ComputeLibraries.Look(settings.Inference.Device);
        foreach (var finding in ExamineLibraries(libraries).Append(ExamineChip(settings)))
        {
            yield return finding;
        }

        if (errors.Count > 0)
        {
            foreach (var error in errors)
            {
                yield return Finding.Error("settings", error);
            }
        }
        else
        {
            yield return Finding.Ok("settings", "sound");
            yield return ExamineModel(settings, await PortCheck.FindServerAsync(settings, cancellationToken) is not null);
            yield return await PortCheck.ExamineAsync(settings, cancellationToken);
            yield return AccessCheck.ExamineKeys(settings);
            if (AccessCheck.ExamineCertificate(settings, DateTimeOffset.Now) is { } certificate)
            {
                yield return certificate;
            }
        }

        settings.Power.Enabled = true; // whoever asks wants to know
        yield return ExaminePower(await PowerProbe.RunAsync(PowerProviders.ForThisSystem(settings.Power, TimeProvider.System), 1, PowerInterval, TimeProvider.System, cancellationToken));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ToolPatience);
        yield return await ServiceCheck.ExamineAsync(tools, patience.Token);
        yield return ExamineLocking(await ReadLockLimitAsync(patience.Token), settings.Inference.MLock);
        foreach (var finding in OperatingSystem.IsMacOS() ? MacChecks.Examine(await MacFacts.ReadAsync(tools, patience.Token)) : linux.Examine())
        {
            yield return finding;
        }
    }

    /// <summary>How well what was found serves.</summary>
    internal static IEnumerable<Finding> ExamineLibraries(ComputeLibraries libraries)
    {
        if (libraries.Folder is null)
        {
            yield return Finding.Error("libraries", libraries.Failure ?? "none");
            yield break;
        }

        yield return libraries.Failure is { } failure
            ? Finding.Error("libraries", failure)
            : Finding.Ok("libraries", $"llama.cpp {ComputeLibraries.Version}{(libraries.GpuKinds.Count > 0 ? $" with {string.Join(", ", libraries.GpuKinds)}" : ", for the processor alone")}");
        foreach (var device in libraries.Devices)
        {
            yield return Finding.Ok("device", $"{device.Name}: {device.Description}{(device.TotalMemory > 0 ? $", {MemoryAdvice.Size(device.TotalMemory)}, free {MemoryAdvice.Size(device.FreeMemory)}" : "")}");
        }
    }

    /// <summary>Whether there is anything to count joules with.</summary>
    internal static Finding ExaminePower(IReadOnlyList<ProbedProvider> providers)
    {
        var channels = providers.Where(provider => provider.Fault == ChannelFault.None)
            .Select(provider => (provider.Name, Count: provider.Channels.Count(channel => channel.Channel.Boundary != EnergyBoundary.None && channel.Samples.Any(sample => sample.Fault is ChannelFault.None or ChannelFault.Starting))))
            .Where(each => each.Count > 0).ToList();
        if (channels.Count > 0)
        {
            return Finding.Ok("power", string.Join(", ", channels.Select(each => $"{each.Name}: {each.Count} channels")));
        }

        // One that is shut can be opened; where there is none, as in a virtual machine, nothing can be done.
        return providers.FirstOrDefault(provider => provider.Fault == ChannelFault.Permission) is { } shut
            ? Finding.Warning("power", $"{shut.Name} may not be read: {shut.Detail}", "inference-server doctor power says more; docs/metrics.md how to open it")
            : Finding.Ok("power", "no channel tells watts, so joules per token will not be known (inference-server doctor power says why)");
    }

    /// <summary>Whether the weights can be pinned.</summary>
    /// <param name="limit">What <c>ulimit -l</c> says, in KiB or <c>unlimited</c>.</param>
    /// <param name="isWanted">True if they are to be.</param>
    internal static Finding ExamineLocking(string limit, bool isWanted)
    {
        var isUnlimited = limit == "unlimited";
        var text = isUnlimited ? "unlimited" : long.TryParse(limit, CultureInfo.InvariantCulture, out var kilobytes) ? MemoryAdvice.Size(kilobytes << 10) : "unknown";
        return isWanted && !isUnlimited
            ? Finding.Warning("ulimit -l", $"{text}: --mlock can pin no more than that", "ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit (service install sets it)")
            : Finding.Ok("ulimit -l", text);
    }

    private static Finding ExamineMemory()
    {
        var limits = OperatingSystem.IsMacOS() ? MacMemory.ReadLimits() : new LinuxMemory().ReadLimits();
        return Finding.Ok("memory", $"{MemoryAdvice.Size(ThisMachine.TotalMemory())}; " + string.Join(", ", limits.Select(limit => $"{limit.Name} is {MemoryAdvice.Size(limit.Bytes)}")));
    }

    private static Finding ExamineChip(Settings settings)
    {
        var machine = ThisMachine.Read(settings.Inference, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        return machine.Chip is { } chip
            ? Finding.Ok("chip", string.Create(CultureInfo.InvariantCulture, $"{machine.Name}: {chip.Name}, {chip.Bandwidth:F0} GB/s"))
            : Finding.Ok("chip", $"{machine.Name}: not in the table of chips, so its memory bandwidth is not known (Metrics:MemoryBandwidthGBps sets it)");
    }

    private static Finding ExamineModel(Settings settings, bool isServing)
    {
        try
        {
            var model = ModelReader.Read(settings).Metadata;
            return Finding.Ok("model", string.Create(
                CultureInfo.InvariantCulture,
                $"{Path.GetFileName(model.Path)}: {model.ParameterCount / 1e9:F1} billion weights, {model.Quantization}, {MemoryAdvice.Size(model.FileSize)}; {(settings.Inference.AllowSwapping ? "whether it fits is not asked (--force)" : "fits")} with --context {settings.Inference.Context}"));
        }
        catch (StartupException e) when (isServing && e.ExitCode == ExitCode.DoesNotFit)
        {
            return Finding.Ok("model", "a server runs here and has taken what memory it needs: whether a second one would fit is not asked");
        }
        catch (StartupException e)
        {
            // What does not fit comes with what would.
            return Finding.Error("model", e.Message.Replace('\n', ' '), e.ExitCode == ExitCode.DoesNotFit ? null : "inference-server models lists what was pulled, pull what to begin with; --model takes a name or a file");
        }
    }

    private async Task<string> ReadLockLimitAsync(CancellationToken cancellationToken) =>
        (await tools.RunAsync(new ServiceStep.Command("sh", "-c", "ulimit -l"), cancellationToken)).Output;
}
