using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Bench.Load;

/// <summary>Prints what a run saw, scenario by scenario, and keeps it for a file.</summary>
internal sealed class LoadReport(ServiceObjective objective)
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly List<ScenarioSummary> _scenarios = [];

    /// <summary>Prints the table of a scenario.</summary>
    public void Add(string name, string description, IReadOnlyList<GroupResults> results)
    {
        var summary = new ScenarioSummary(name, description, [.. results.Select(result => result.Summarize(objective))]);
        _scenarios.Add(summary);
        Console.WriteLine($"### {name}\n\n{description}\n");
        Console.WriteLine(GroupSummary.ToTable(summary.Groups));
        foreach (var group in summary.Groups)
        {
            if (group.Refused > 0)
            {
                Console.WriteLine(
                    $"{group.Group}: 429 after {1000 * group.RefusalP50:0.0} ms (p50), {1000 * group.RefusalP99:0.0} ms (p99); without Retry-After: {group.RefusedWithoutRetryAfter}\n");
            }

            if (group.FirstError is { } error)
            {
                Console.WriteLine($"{group.Group}: first error: {error}\n");
            }
        }
    }

    /// <summary>Writes the file if there is to be one. The exit code: 1 if any call failed.</summary>
    public int End(FileInfo? json)
    {
        if (json is not null)
        {
            using var file = json.Create();
            JsonSerializer.Serialize(file, _scenarios, JsonOptions);
        }

        return _scenarios.Any(scenario => scenario.Groups.Any(group => group.Failed > 0)) ? 1 : 0;
    }
}

/// <summary>A scenario's figures.</summary>
/// <param name="Name">Of the scenario.</param>
/// <param name="Description">Of the scenario.</param>
/// <param name="Groups">By kind of client.</param>
internal sealed record ScenarioSummary(string Name, string Description, IReadOnlyList<GroupSummary> Groups);
