namespace InferenceServer.Server.Service;

/// <summary>What is on the machine before a plan is made.</summary>
internal sealed record ServiceFacts
{
    /// <summary>The folder that stands for <c>/</c>: of an image, whose services do not run. Empty on a running system.</summary>
    public string Root { get; init; } = "";

    /// <summary>Names of the builds that are installed.</summary>
    public IReadOnlyList<string> Builds { get; init; } = [];

    /// <summary>The build that runs; null if none was installed.</summary>
    public string? Current { get; init; }

    /// <summary>The build that ran before it; null if there was none.</summary>
    public string? Previous { get; init; }

    /// <summary>The service's settings; null if there is no such file.</summary>
    public string? SettingsText { get; init; }

    /// <summary>The service's environment file; null if there is none, or it may not be read.</summary>
    public string? EnvironmentText { get; init; }

    /// <summary>What the service manager was told; null if nothing.</summary>
    public string? DefinitionText { get; init; }

    /// <summary>True if <see cref="ServiceDefinition.CommandLink"/> is one that was made by an installation.</summary>
    public bool HasCommandLink { get; init; }

    /// <summary>True if the service's user is there already. macOS only.</summary>
    public bool HasUser { get; init; }

    /// <summary>An id that neither a user nor a group has. macOS only.</summary>
    public int FreeUserId { get; init; }

    /// <summary>The id of whoever runs this. macOS only.</summary>
    public int UserId { get; init; }

    /// <summary>True if an image is looked at.</summary>
    public bool IsImage => Root.Length > 0;
}
