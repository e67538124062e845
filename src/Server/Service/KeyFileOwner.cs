namespace InferenceServer.Server.Service;

/// <summary>A file of keys is its owner's alone, and whoever makes one for a service is root: the service's user must own it to read it.</summary>
internal static class KeyFileOwner
{
    /// <summary>Gives the file to the service's user; nothing to do for a file elsewhere than in the service's folder, which may be somebody else's, or for a service without a user of its own.</summary>
    public static IReadOnlyList<ServiceStep> Give(ServiceDefinition service, string? path) =>
        service.User is { } user && path is not null && IsInFolder(service, path) ? [new ServiceStep.Command("chown", $"{user}:{user}", Path.GetFullPath(path))] : [];

    /// <summary>Gives the file away if it is the service's, and tells what became of it. For root.</summary>
    public static async Task<string> GiveAsync(ServiceDefinition service, string path, ServiceTools tools)
    {
        if (Give(service, path) is not [ServiceStep.Command step])
        {
            return $"The file is root's alone. A service under a user of its own reads it when it is given to that user: sudo chown {service.User} {path}";
        }

        var (code, _) = await tools.RunAsync(step);
        return code == 0 ? $"The file belongs to the service's user, {service.User}." : $"The file is root's until 'service install' gives it to the service's user.";
    }

    private static bool IsInFolder(ServiceDefinition service, string path) => Path.GetFullPath(path).StartsWith(service.SettingsFolder + '/', StringComparison.Ordinal);
}
