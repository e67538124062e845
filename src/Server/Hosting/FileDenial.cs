namespace InferenceServer.Server.Hosting;

/// <summary>Why this process may not read a file, in words that say what to change.</summary>
internal static class FileDenial
{
    // EPERM. File modes answer EACCES; for a plain file on macOS this one comes from privacy protection (TCC), which asks programs with a window and
    // silently denies the others. Not run on hardware.
    private const int NotPermitted = 1;

    /// <summary>The reason; null if the file can be read, or is not there.</summary>
    public static string? Explain(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return null;
        }
        catch (UnauthorizedAccessException e)
        {
            return OperatingSystem.IsMacOS() && e.InnerException?.HResult == NotPermitted
                ? DescribePrivacy(Environment.ProcessPath!)
                : DescribeModes(path, Environment.UserName, IsVisible);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>For macOS' privacy protection.</summary>
    internal static string DescribePrivacy(string program) =>
        $"macOS privacy protection (TCC) denies it: allow {program} in System Settings > Privacy & Security > Full Disk Access, or move the file out of Desktop, "
        + "Documents, Downloads, iCloud and removable or network volumes.";

    /// <summary>For file modes: what stands in the way, the file or a folder above it.</summary>
    /// <param name="path">In full.</param>
    /// <param name="user">Who may not.</param>
    /// <param name="isVisible">Tells whether the folder that a path is in lets the user look it up.</param>
    internal static string DescribeModes(string path, string user, Func<string, bool> isVisible)
    {
        for (var (child, folder) = (path, Path.GetDirectoryName(path)); folder is not null; (child, folder) = (folder, Path.GetDirectoryName(folder)))
        {
            if (isVisible(folder) && !isVisible(child))
            {
                return $"{folder} does not let the user {user} in.";
            }
        }

        return $"Its mode denies it to the user {user}.";
    }

    private static bool IsVisible(string path)
    {
        try
        {
            File.GetAttributes(path);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
