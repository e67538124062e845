using System.Globalization;

namespace InferenceServer.Server.Service;

/// <summary>Looks at the machine before a plan is made. Changes nothing.</summary>
internal static class ServiceFactsReader
{
    // Above what macOS takes for itself, below people.
    private const int FirstUserId = 450;
    private const int LastUserId = 499;

    /// <summary>Looks.</summary>
    /// <param name="service">At what.</param>
    /// <param name="tools">The system's programs.</param>
    /// <param name="root">Of an image; empty for this system.</param>
    public static async Task<ServiceFacts> ReadAsync(ServiceDefinition service, ServiceTools tools, string root)
    {
        var facts = new ServiceFacts
        {
            Root = root,
            Builds = ListBuilds(root + service.ProgramFolder),
            Current = ReadLink(root + service.CurrentLink),
            Previous = ReadLink(root + service.PreviousLink),
            SettingsText = ReadText(root + service.SettingsFile),
            EnvironmentText = ReadText(root + service.EnvironmentFile),
            DefinitionText = ReadText(root + service.DefinitionFile),
            HasCommandLink = service.CommandLink is { } link && ReadLink(root + link) == service.Command[0],
        };
        if (service.Kind == ServiceKind.Systemd || facts.IsImage)
        {
            return facts;
        }

        var (_, ownId) = await tools.RunAsync(new ServiceStep.Command("id", "-u"));
        var (found, _) = await tools.RunAsync(new ServiceStep.Command("dscl", ".", "-read", $"/Users/{service.User}", "UniqueID"));
        var (_, users) = await tools.RunAsync(new ServiceStep.Command("dscl", ".", "-list", "/Users", "UniqueID"));
        var (_, groups) = await tools.RunAsync(new ServiceStep.Command("dscl", ".", "-list", "/Groups", "PrimaryGroupID"));
        return facts with
        {
            UserId = int.TryParse(ownId, CultureInfo.InvariantCulture, out var id) ? id : 0,
            HasUser = found == 0,
            FreeUserId = FindFreeId(users + "\n" + groups),
        };
    }

    /// <summary>The highest id in the range for services that no line of <c>dscl</c>'s lists ends with.</summary>
    internal static int FindFreeId(string lists)
    {
        var taken = lists.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length > 0).Select(words => words[^1]).ToHashSet();
        return Enumerable.Range(FirstUserId, LastUserId - FirstUserId + 1).Reverse().FirstOrDefault(id => !taken.Contains(id.ToString(CultureInfo.InvariantCulture)), LastUserId);
    }

    private static string[] ListBuilds(string folder) => !Directory.Exists(folder)
        ? []
        : [.. new DirectoryInfo(folder).EnumerateDirectories().Where(build => build.LinkTarget is null && File.Exists(Path.Combine(build.FullName, ServiceDefinition.ProgramName))).Select(build => build.Name).Order(StringComparer.Ordinal)];

    private static string? ReadLink(string path) => new FileInfo(path).LinkTarget;

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
