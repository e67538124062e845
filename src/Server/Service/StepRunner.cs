using System.Diagnostics;
using System.Runtime.Versioning;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Service;

/// <summary>Does what a plan says, and says what it does. One plan at a time.</summary>
/// <param name="service">Whose plan.</param>
/// <param name="facts">What was there before.</param>
/// <param name="tools">The system's programs.</param>
/// <param name="output">A line for each step.</param>
[UnsupportedOSPlatform("windows")]
internal sealed class StepRunner(ServiceDefinition service, ServiceFacts facts, ServiceTools tools, TextWriter output)
{
    private const int NumLogLines = 15;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a server that neither fails nor gets ready is waited for: a large model from a slow disk takes minutes, a volume that is not mounted for ever.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Does it. Throws <see cref="StartupException"/> after a failure, when it was undone.</summary>
    public async Task RunAsync(ServicePlan plan, CancellationToken cancellationToken)
    {
        for (var i = 0; i < plan.Stages.Count; i++)
        {
            foreach (var step in plan.Stages[i].Steps)
            {
                await output.WriteLineAsync(step.ToString());
                if (await TryRunAsync(step, cancellationToken) is { } failure)
                {
                    var undo = plan.Stages.Take(i + 1).SelectMany(stage => stage.Undo).ToList();
                    await UndoAsync(undo, cancellationToken);
                    var state = undo.Count > 0 ? "\nWhat was there before is back." : "";
                    throw new StartupException(ExitCode.ServiceFailed, $"{step}: {failure}{state}");
                }
            }
        }
    }

    private async Task UndoAsync(List<ServiceStep> steps, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            await output.WriteLineAsync($"undo: {step}");
            if (await TryRunAsync(step, cancellationToken) is { } failure)
            {
                await output.WriteLineAsync($"undo: {failure}");
            }
        }
    }

    // Null: done.
    private async Task<string?> TryRunAsync(ServiceStep step, CancellationToken cancellationToken)
    {
        try
        {
            switch (step)
            {
                case ServiceStep.Folder folder:
                    FileSteps.MakeFolder(facts.Root + folder.Path, folder.Mode);
                    return null;
                case ServiceStep.TextFile file:
                    FileSteps.Write(facts.Root + file.Path, file.Text, file.Mode);
                    return null;
                case ServiceStep.Build build:
                    FileSteps.CopyBuild(build.Source, facts.Root + build.Target);
                    return null;
                case ServiceStep.Link link:
                    return FileSteps.PointLink(facts.Root + link.Path, link.Target);
                case ServiceStep.Deletion deletion:
                    FileSteps.Delete(facts.Root + deletion.Path);
                    return null;
                case ServiceStep.Command command:
                    return await RunCommandAsync(command, cancellationToken);
                case ServiceStep.Readiness readiness:
                    return await WaitUntilReadyAsync(readiness.Server, cancellationToken);
                default:
                    throw new UnreachableException();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private async Task<string?> RunCommandAsync(ServiceStep.Command command, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        command = command with { WorkingFolder = command.WorkingFolder is { } folder ? facts.Root + folder : null };
        while (true)
        {
            var (code, text) = await tools.RunAsync(command, cancellationToken);
            if (code == 0 || command.MayFail)
            {
                await output.WriteAsync(code == 0 && text.Length > 0 ? $"{text}\n" : "");
                return null;
            }

            if (Stopwatch.GetElapsedTime(start) >= command.RetryFor)
            {
                // This program's own complaints get their mark once more.
                return text.Length > 0 ? text.Replace("error: ", "", StringComparison.Ordinal) : $"exit code {code}";
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }

    private async Task<string?> WaitUntilReadyAsync(Settings server, CancellationToken cancellationToken)
    {
        var manager = ServiceManager.Of(service.Kind);
        var (start, told) = (Stopwatch.GetTimestamp(), "");
        while (true)
        {
            var (code, text) = await tools.RunAsync(manager.Query(service, facts), cancellationToken);
            var report = manager.ReadReport(code, text);
            if (report.Condition == ServiceCondition.Ready || (report.Condition == ServiceCondition.Starting && await LocalClient.IsReadyAsync(server, cancellationToken)))
            {
                await output.WriteLineAsync($"ready after {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
                return null;
            }

            if (report.Condition is ServiceCondition.Failing or ServiceCondition.Absent)
            {
                var (_, log) = await tools.RunAsync(manager.ShowLog(service, NumLogLines, isFollowed: false), cancellationToken);
                return $"the server ended ({report.Detail}); it is started again every 10 s. Its last words:\n{log}";
            }

            if (report.Detail != told)
            {
                told = report.Detail;
                await output.WriteLineAsync(told);
            }

            if (Stopwatch.GetElapsedTime(start) > Patience || told.StartsWith(StartPatience.Status, StringComparison.Ordinal))
            {
                await output.WriteLineAsync("Not ready yet, and no failure: 'service status' and 'service logs -f' tell more.");
                return null;
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }
}
