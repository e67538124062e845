using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using InferenceServer.Server.Hosting;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Server.Commands;

/// <summary><c>doctor power</c>: what this machine tells of its watts, so that its owner can compare it with other tools in ten seconds.</summary>
internal static class DoctorPower
{
    private const int NumSamples = 3;

    // Longer than Apple's firmware takes to publish its counters.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2.3);

    private static readonly EnergyBoundary[] Boundaries = [EnergyBoundary.Gpu, EnergyBoundary.Cpu, EnergyBoundary.System];

    /// <summary>Looks and prints. Throws <see cref="StartupException"/> if the settings are wrong.</summary>
    public static async Task RunAsync(TextWriter output, CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationManager();
        configuration.AddSettings(new Dictionary<string, string?>());
        var settings = SettingsReader.Read(configuration, out var all);
        if (all.Where(error => error.StartsWith(PowerOptions.Section + ':', StringComparison.Ordinal)).ToList() is { Count: > 0 } errors)
        {
            throw new StartupException(ExitCode.BadOptions, string.Join('\n', errors));
        }

        await output.WriteLineAsync($"Looking for watts on {RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture}), {NumSamples} samples, {Interval.TotalSeconds} s apart ...");
        settings.Power.Enabled = true; // whoever asks wants to know
        var providers = PowerProviders.ForThisSystem(settings.Power, TimeProvider.System);
        var found = await PowerProbe.RunAsync(providers, NumSamples, Interval, TimeProvider.System, cancellationToken);
        await output.WriteAsync(Describe(found));
    }

    /// <summary>The report, as text for people.</summary>
    internal static string Describe(IReadOnlyList<ProbedProvider> providers)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        WriteSources(text, providers);
        WriteChannels(text, providers);
        WriteTokens(text, providers);
        return text.ToString();
    }

    private static void WriteSources(StringWriter text, IReadOnlyList<ProbedProvider> providers)
    {
        text.WriteLine();
        text.WriteLine("Sources");
        if (providers.Count == 0)
        {
            text.WriteLine("  none is known for this system");
        }

        foreach (var provider in providers)
        {
            text.WriteLine(provider.Fault == ChannelFault.None
                ? $"  {provider.Name,-13} {provider.Channels.Count} channels"
                : $"  {provider.Name,-13} {Word(provider.Fault)}: {provider.Detail}");
            if (provider is { Fault: ChannelFault.None, Detail: { } missing })
            {
                text.WriteLine($"  {"",-13} but {missing}");
            }
        }
    }

    private static void WriteChannels(StringWriter text, IReadOnlyList<ProbedProvider> providers)
    {
        var rows = providers.SelectMany(provider => provider.Channels).Select(ToRow).ToList();
        text.WriteLine();
        if (rows.Count == 0)
        {
            text.WriteLine("Channels: none.");
            return;
        }

        rows.Insert(0, ["Channel", "of", "what", "first", "second", "third", ""]);
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            text.WriteLine(string.Join("  ", row.Select((cell, column) => column is >= 3 and <= 5 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    private static string[] ToRow(ProbedChannel probed)
    {
        var channel = probed.Channel;
        var cells = probed.Samples.Select(sample => Format(channel.Quantity, sample)).Concat(Enumerable.Repeat("failed", NumSamples)).Take(NumSamples);
        var notes = new[] { channel.Parent is { } parent ? $"part of {parent}" : null, channel.Note }.Where(note => note is not null);
        return
        [
            channel.Id,
            channel.Type,
            channel.Process is { } process ? $"{Word(channel.Quantity)} ({process})" : Word(channel.Quantity),
            .. cells,
            string.Join("; ", notes),
        ];
    }

    private static string Format(PowerQuantity quantity, ProbedSample sample)
    {
        if (sample.Fault != ChannelFault.None)
        {
            return Word(sample.Fault);
        }

        var value = sample.Value;
        return quantity switch
        {
            PowerQuantity.Energy or PowerQuantity.Power => string.Create(CultureInfo.InvariantCulture, $"{value:F2} W"),
            PowerQuantity.Utilization => string.Create(CultureInfo.InvariantCulture, $"{value * 100:F0} %"),
            PowerQuantity.Frequency => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:F0} MHz"),
            PowerQuantity.MemoryUsage or PowerQuantity.MemoryLimit or PowerQuantity.ProcessMemory => string.Create(CultureInfo.InvariantCulture, $"{value / (1 << 30):F2} GiB"),
            PowerQuantity.Temperature => string.Create(CultureInfo.InvariantCulture, $"{value:F0} °C"),
            PowerQuantity.ProcessTime => string.Create(CultureInfo.InvariantCulture, $"{value:F2} s"),
            _ => value.ToString("F0", CultureInfo.InvariantCulture),
        };
    }

    private static void WriteTokens(StringWriter text, IReadOnlyList<ProbedProvider> providers)
    {
        text.WriteLine();
        text.WriteLine("Joules per token");
        var isAnyKnown = false;
        foreach (var boundary in Boundaries)
        {
            // The first provider that fills a boundary has it.
            var channels = providers.Select(provider => provider.Channels.Where(channel => channel.Channel.Boundary == boundary).ToList()).FirstOrDefault(each => each.Count > 0) ?? [];
            var broken = channels.Find(channel => channel.Samples.Count == 0 || channel.Samples[^1].Fault != ChannelFault.None);
            isAnyKnown |= channels.Count > 0 && broken is null;
            text.WriteLine(channels.Count == 0 ? $"  source={Word(boundary),-7} not available: no channel tells it"
                : broken is not null ? $"  source={Word(boundary),-7} not available: {broken.Channel.Id} is {(broken.Samples.Count == 0 ? "failed" : Word(broken.Samples[^1].Fault))}"
                : $"  source={Word(boundary),-7} from {string.Join(" + ", channels.Select(channel => channel.Channel.Id))}");
        }

        if (!isAnyKnown)
        {
            text.WriteLine();
            text.WriteLine("This machine tells us of no watts, so neither watts nor joules per token will be measured. In a virtual machine that is normal.");
        }
    }

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()).Replace('_', ' ');
}
