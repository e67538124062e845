using InferenceServer.Server.Service;

namespace InferenceServer.Server.Doctor;

/// <summary>
/// What macOS says of itself, by its own programs. Not yet run on hardware: the forms of their answers are those that people quote. Immutable.
/// </summary>
internal sealed record MacFacts
{
    private static readonly string[] KernelNames = ["kern.osproductversion", "hw.model", "hw.memsize", "sysctl.proc_translated", "iogpu.wired_limit_mb"];

    /// <summary>Values of the kernel, by name.</summary>
    public required IReadOnlyDictionary<string, string> Kernel { get; init; }

    /// <summary>Settings of power management in use now, by name.</summary>
    public required IReadOnlyDictionary<string, string> Power { get; init; }

    /// <summary>The hardware's overview, by name. It has the serial number, too, which nobody may show.</summary>
    public required IReadOnlyDictionary<string, string> Hardware { get; init; }

    /// <summary>What <c>fdesetup status</c> says; empty if nothing.</summary>
    public required string FileVault { get; init; }

    /// <summary>Asks them all.</summary>
    public static async Task<MacFacts> ReadAsync(ServiceTools tools, CancellationToken cancellationToken) => new()
    {
        Kernel = ParseColons(await OutputAsync(tools, "sysctl", KernelNames, cancellationToken)),
        Power = ParsePower(await OutputAsync(tools, "pmset", ["-g"], cancellationToken)),
        Hardware = ParseColons(await OutputAsync(tools, "system_profiler", ["SPHardwareDataType"], cancellationToken)),
        FileVault = await OutputAsync(tools, "fdesetup", ["status"], cancellationToken),
    };

    /// <summary>Lines of a name, a colon and a value, as sysctl and system_profiler write them; others do not count.</summary>
    internal static Dictionary<string, string> ParseColons(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            if (line.Split(':', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, { Length: > 0 } value])
            {
                values.TryAdd(name, value);
            }
        }

        return values;
    }

    /// <summary>Lines of a name and a value, perhaps with a remark in brackets, as pmset writes them: <c> sleep  0 (sleep prevented by caffeinate)</c>.</summary>
    internal static Dictionary<string, string> ParsePower(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split('(', 2)[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length >= 2 && !line.TrimEnd().EndsWith(':'))
            {
                values.TryAdd(string.Join(' ', words[..^1]), words[^1]);
            }
        }

        return values;
    }

    private static async Task<string> OutputAsync(ServiceTools tools, string program, string[] arguments, CancellationToken cancellationToken) =>
        (await tools.RunAsync(new ServiceStep.Command(program, arguments), cancellationToken)).Output;
}
