using System.Text.Json;
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
        var address = settings is null ? null : LocalClient.AddressOf(settings);

        // The manager only knows that it was ready once, or that it was started.
        var isReady = report.Condition switch
        {
            ServiceCondition.Ready or ServiceCondition.Starting when address is not null => await LocalClient.IsReadyAsync(settings!, cancellationToken),
            var condition => condition == ServiceCondition.Ready,
        };
        var state = report.Condition switch
        {
            _ when isReady => "runs and is ready",
            ServiceCondition.Absent => "is not installed",
            ServiceCondition.Stopped => "is stopped",
            ServiceCondition.Failing => "fails and is started again",
            ServiceCondition.Ready => "runs and takes no requests now",
            _ => "runs and is not ready yet",
        };
        List<(string, string)> lines =
        [
            ("service", $"{service.Name} {state} ({manager.Name}{(report.ProcessId > 0 ? $", process {report.ProcessId}" : "")}){(report.Detail.Length > 0 ? $": {report.Detail}" : "")}"),
        ];
        if (facts.Current is { } current)
        {
            lines.Add(("build", facts.Previous is { } previous ? $"{current}; before it {previous}" : current));
            lines.Add(("address", address?.GetLeftPart(UriPartial.Authority) ?? "unknown"));
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

    // Null where there are none, or none that anything can be told of: wrong ones, or such that only root may read.
    private static Settings? FindSettings(ServiceDefinition service, ServiceFacts facts)
    {
        // Keys are their user's alone, and nobody needs one to ask whether it is ready.
        var withoutKeys = facts with { EnvironmentText = $"{facts.EnvironmentText}\nServer__ApiKeyFile=\nServer__Insecure=true\n" };
        try
        {
            return facts.SettingsText is null ? null : ServiceFiles.Create(service, withoutKeys, new Dictionary<string, string?>()).Settings;
        }
        catch (Exception e) when (e is StartupException or FormatException or JsonException)
        {
            return null;
        }
    }
}
