namespace InferenceServer.Server.Service;

/// <summary>How to talk to a service manager: steps and commands as data. Immutable.</summary>
internal abstract class ServiceManager
{
    /// <summary>For a kind of service.</summary>
    public static ServiceManager Of(ServiceKind kind) => kind == ServiceKind.Systemd ? new SystemdManager() : new LaunchdManager();

    /// <summary>Its name for people.</summary>
    public abstract string Name { get; }

    /// <summary>The text of <see cref="ServiceDefinition.DefinitionFile"/>.</summary>
    public abstract string WriteDefinition(ServiceDefinition service);

    /// <summary>The service's user and group are there.</summary>
    public abstract IReadOnlyList<ServiceStep> CreateUser(ServiceDefinition service, ServiceFacts facts);

    /// <summary>Folders for data and logs are there and belong to the user.</summary>
    public abstract IReadOnlyList<ServiceStep> CreateFolders(ServiceDefinition service, ServiceFacts facts);

    /// <summary>The environment file belongs to whoever reads it.</summary>
    public abstract IReadOnlyList<ServiceStep> OwnSecrets(ServiceDefinition service);

    /// <summary>Runs a program as the service's user, with the caller's environment.</summary>
    public abstract ServiceStep.Command RunAsUser(ServiceDefinition service, IReadOnlyList<string> command);

    /// <summary>Reads the definition anew and starts what it says, now and at every boot; what ran is stopped first.</summary>
    public abstract IReadOnlyList<ServiceStep> Start(ServiceDefinition service, ServiceFacts facts);

    /// <summary>Stops it for good.</summary>
    public abstract IReadOnlyList<ServiceStep> Stop(ServiceDefinition service, ServiceFacts facts);

    /// <summary>After the definition was deleted.</summary>
    public abstract IReadOnlyList<ServiceStep> Forget(ServiceDefinition service, ServiceFacts facts);

    /// <summary>The user is gone.</summary>
    public abstract IReadOnlyList<ServiceStep> DeleteUser(ServiceDefinition service, ServiceFacts facts);

    /// <summary>Asks how the service is.</summary>
    public abstract ServiceStep.Command Query(ServiceDefinition service, ServiceFacts facts);

    /// <summary>Reads the answer.</summary>
    public abstract ServiceReport ReadReport(int exitCode, string output);

    /// <summary>Shows the log.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="numLines">The last so many.</param>
    /// <param name="isFollowed">And what comes.</param>
    public abstract ServiceStep.Command ShowLog(ServiceDefinition service, int numLines, bool isFollowed);
}
