using InferenceServer.Server.Commands;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Doctor;

/// <summary>How the installed service is.</summary>
internal static class ServiceCheck
{
    private const string Topic = "service";

    /// <summary>Asks the service managers that this system has, the first that knows the service counts.</summary>
    public static async Task<Finding> ExamineAsync(ServiceTools tools, CancellationToken cancellationToken)
    {
        ServiceKind[] kinds = OperatingSystem.IsMacOS() ? [ServiceKind.LaunchDaemon, ServiceKind.LaunchAgent] : OperatingSystem.IsLinux() ? [ServiceKind.Systemd] : [];
        foreach (var kind in kinds)
        {
            var service = ServicePlace.Define(kind);
            var status = await ServiceStatus.ReadAsync(service, await ServiceFactsReader.ReadAsync(service, tools, root: ""), tools, cancellationToken);
            if (status.Report.Condition != ServiceCondition.Absent)
            {
                return Describe(status);
            }
        }

        return Finding.Ok(Topic, "is not installed (inference-server service install does it)");
    }

    /// <summary>In one line.</summary>
    internal static Finding Describe(ServiceStatus status)
    {
        var text = string.Join("; ", status.Lines.Where(line => line.Name is "service" or "build").Select(line => line.Text));
        return status.Report.Condition switch
        {
            _ when status.IsReady => Finding.Ok(Topic, text),
            ServiceCondition.Failing => Finding.Error(Topic, text, "inference-server service logs"),
            ServiceCondition.Stopped => Finding.Warning(Topic, text, "inference-server service install starts it again"),
            _ => Finding.Warning(Topic, text, "loading takes its time; if it stays so: inference-server service logs"),
        };
    }
}
