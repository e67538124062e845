using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Service;

/// <summary>From what is on a machine and what is wanted to the steps between. Pure.</summary>
internal static class ServicePlanner
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Folder = Public | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Installs a build, or switches to it where another one is: copies it, writes settings and definition, has them checked, and starts it.</summary>
    /// <param name="service">What.</param>
    /// <param name="facts">What is there.</param>
    /// <param name="build">The build.</param>
    /// <param name="files">Settings and secrets as they are to be.</param>
    public static ServicePlan Install(ServiceDefinition service, ServiceFacts facts, BuildFolder build, ServiceFiles files)
    {
        var manager = ServiceManager.Of(service.Kind);
        List<ServiceStep> prepare =
        [
            .. manager.CreateUser(service, facts),
            .. manager.CreateFolders(service, facts),
            new ServiceStep.Folder(service.ProgramFolder, Folder),
            new ServiceStep.Folder(service.SettingsFolder, Folder),
            new ServiceStep.Build(build.Path, $"{service.ProgramFolder}/{build.Name}"),
        ];
        return new ServicePlan(new ServiceStage(prepare), WriteSettings(service, facts, build.Name, files), Switch(service, facts, build.Name), Start(service, facts, files.Settings), CleanUp(service, facts, build.Name));
    }

    /// <summary>Lets another build that is there run. The builds change places, so that the same command goes back again.</summary>
    /// <param name="service">What.</param>
    /// <param name="facts">What is there.</param>
    /// <param name="build">Its name, one of <see cref="ServiceFacts.Builds"/>.</param>
    /// <param name="files">Settings and secrets as they are.</param>
    public static ServicePlan Rollback(ServiceDefinition service, ServiceFacts facts, string build, ServiceFiles files) =>
        new(new ServiceStage(Check(service, facts, build, files)), Switch(service, facts, build), Start(service, facts, files.Settings));

    /// <summary>Takes the service away, and on request what it had, too.</summary>
    /// <param name="service">What.</param>
    /// <param name="facts">What is there.</param>
    /// <param name="isPurge">True: settings, secrets, models, stored responses, logs and the user go, too.</param>
    public static ServicePlan Uninstall(ServiceDefinition service, ServiceFacts facts, bool isPurge)
    {
        var manager = ServiceManager.Of(service.Kind);
        List<ServiceStep> steps =
        [
            .. manager.Stop(service, facts),
            new ServiceStep.Deletion(service.DefinitionFile),
            .. manager.Forget(service, facts),
            .. facts.HasCommandLink ? (ServiceStep[])[new ServiceStep.Deletion(service.CommandLink!)] : [],
            new ServiceStep.Deletion(service.ProgramFolder),
        ];
        if (isPurge)
        {
            steps.AddRange([new ServiceStep.Deletion(service.SettingsFolder), new ServiceStep.Deletion(service.DataFolder)]);
            steps.AddRange(service.LogFolder is { } logs ? [new ServiceStep.Deletion(logs)] : []);
            steps.AddRange(manager.DeleteUser(service, facts));
        }

        return new ServicePlan(new ServiceStage(steps));
    }

    private static ServiceStage WriteSettings(ServiceDefinition service, ServiceFacts facts, string build, ServiceFiles files)
    {
        List<ServiceStep> steps = [], undo = [];
        void Write(string path, string? before, string text, UnixFileMode mode)
        {
            if (before != text)
            {
                steps.Add(new ServiceStep.TextFile(path, text, mode));
                undo.AddRange(before is null ? [] : [new ServiceStep.TextFile(path, before, mode)]);
            }
        }

        Write(service.SettingsFile, facts.SettingsText, files.SettingsText, Public);
        Write(service.EnvironmentFile, facts.EnvironmentText, files.EnvironmentText, Private);
        IReadOnlyList<ServiceStep> own = [.. ServiceManager.Of(service.Kind).OwnSecrets(service), .. facts.IsImage ? [] : KeyFileOwner.Give(service, files.Settings.Server.ApiKeyFile)];
        return new ServiceStage([.. steps, .. own, .. Check(service, facts, build, files)], undo.Count > 0 ? [.. undo, .. own] : []);
    }

    // By the new program, as the user that it will be, in the folder and with the variables that it will have.
    private static IReadOnlyList<ServiceStep> Check(ServiceDefinition service, ServiceFacts facts, string build, ServiceFiles files) => facts.IsImage
        ? []
        : [ServiceManager.Of(service.Kind).RunAsUser(service, [$"{service.ProgramFolder}/{build}/{ServiceDefinition.ProgramName}", "service", "check"]) with
        {
            Environment = [.. service.Environment(), .. files.Variables],
            WorkingFolder = service.SettingsFolder,
        }];

    private static ServiceStage Switch(ServiceDefinition service, ServiceFacts facts, string build)
    {
        var before = facts.Current is { } current && current != build ? current : null;
        List<ServiceStep> steps = [], undo = [];
        if (before is not null)
        {
            steps.Add(new ServiceStep.Link(service.PreviousLink, before));
            undo.Add(new ServiceStep.Link(service.CurrentLink, before));
            undo.Add(facts.Previous is { } previous ? new ServiceStep.Link(service.PreviousLink, previous) : new ServiceStep.Deletion(service.PreviousLink));
        }

        steps.Add(new ServiceStep.Link(service.CurrentLink, build));
        if (service.CommandLink is { } link && !facts.HasCommandLink)
        {
            steps.AddRange([new ServiceStep.Folder(Path.GetDirectoryName(link)!, Folder), new ServiceStep.Link(link, service.Command[0])]);
        }

        var definition = ServiceManager.Of(service.Kind).WriteDefinition(service);
        steps.AddRange([new ServiceStep.Folder(Path.GetDirectoryName(service.DefinitionFile)!, Folder), new ServiceStep.TextFile(service.DefinitionFile, definition, Public)]);
        if (facts.DefinitionText is { } text && text != definition)
        {
            undo.Add(new ServiceStep.TextFile(service.DefinitionFile, text, Public));
        }

        return new ServiceStage(steps, undo);
    }

    private static ServiceStage Start(ServiceDefinition service, ServiceFacts facts, Settings server)
    {
        var start = ServiceManager.Of(service.Kind).Start(service, facts);
        return facts.IsImage ? new ServiceStage(start) : new ServiceStage([.. start, new ServiceStep.Readiness(server)], facts.Current is null ? [] : start);
    }

    // The build that runs and the one before it stay; each takes a third of a gigabyte.
    private static ServiceStage CleanUp(ServiceDefinition service, ServiceFacts facts, string build)
    {
        var kept = facts.Current is { } current && current != build ? current : facts.Previous;
        return new ServiceStage([.. facts.Builds.Where(other => other != build && other != kept).Select(other => new ServiceStep.Deletion($"{service.ProgramFolder}/{other}"))]);
    }
}
