using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Service;

/// <summary>How an installed service is, for people.</summary>
internal sealed record ServiceStatus
{
    /// <summary>The manager's word.</summary>
    public required ServiceReport Report { get; init; }

    /// <summary>True if it answers requests.</summary>
    public required bool IsReady { get; init; }

    /// <summary>Lines of a name and what there is to say.</summary>
    public required IReadOnlyList<(string Name, string Text)> Lines { get; init; }

    /// <summary>Asks the manager and the server.</summary>
    public static async Task<ServiceStatus> ReadAsync(ServiceDefinition service, ServiceFacts facts, ServiceTools tools, CancellationToken cancellationToken)
    {
        var manager = ServiceManager.Of(service.Kind);
        var (code, output) = await tools.RunAsync(manager.Query(service, facts), cancellationToken);
        var report = manager.ReadReport(code, output);
        var settings = FindSettings(service, facts);
        var isReady = report.Condition == ServiceCondition.Ready || (report.Condition == ServiceCondition.Starting && settings is not null && await LocalClient.IsReadyAsync(settings, cancellationToken));
        var state = report.Condition switch
        {
            _ when isReady => "runs and is ready",
            ServiceCondition.Absent => "is not installed",
            ServiceCondition.Stopped => "is stopped",
            ServiceCondition.Failing => "fails and is started again",
            _ => "runs and is not ready yet",
        };
        List<(string, string)> lines =
        [
            ("service", $"{service.Name} {state} ({manager.Name}{(report.ProcessId > 0 ? $", process {report.ProcessId}" : "")}){(report.Detail.Length > 0 ? $": {report.Detail}" : "")}"),
        ];
        if (facts.Current is { } current)
        {
            lines.Add(("build", facts.Previous is { } previous ? $"{current}; before it {previous}" : current));
            lines.Add(("address", (settings is null ? null : LocalClient.AddressOf(settings))?.GetLeftPart(UriPartial.Authority) ?? "unknown"));
            lines.Add(("settings", service.SettingsFile));
            lines.Add(("secrets", service.EnvironmentFile));
            lines.Add(("data", service.DataFolder));
            lines.Add(("log", service.LogFolder ?? $"journalctl --unit={service.Name}"));
        }

        return new ServiceStatus { Report = report, IsReady = isReady, Lines = lines };
    }

    /// <summary>Writes a line each.</summary>
    public void Write(TextWriter output)
    {
        foreach (var (name, text) in Lines)
        {
            output.WriteLine($"{name,-10}{text}");
        }
    }

    // Of settings that are wrong, or that only root may read, nothing can be told.
    private static Settings? FindSettings(ServiceDefinition service, ServiceFacts facts)
    {
        try
        {
            return ServiceFiles.Create(service, facts, new Dictionary<string, string?>()).Settings;
        }
        catch (StartupException)
        {
            return null;
        }
    }
}
