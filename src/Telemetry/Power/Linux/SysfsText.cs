namespace InferenceServer.Telemetry.Power.Linux;

/// <summary>Short texts and lists of the kernel's files, for finding out what there is.</summary>
internal static class SysfsText
{
    /// <summary>A file's text without its line end; null if it cannot be read or is empty.</summary>
    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The folders in a folder, links included, in order; none if it cannot be read.</summary>
    public static IReadOnlyList<string> Folders(string path)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
