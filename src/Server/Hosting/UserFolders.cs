namespace InferenceServer.Server.Hosting;

/// <summary>Where the platform keeps what can be made or fetched again.</summary>
internal static class UserFolders
{
    /// <summary>Our folder there, absolute; null if the user has none, as some services' users.</summary>
    public static string? Cache()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        var cache = OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches")
            : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg) ? xdg
            : Path.Combine(home, ".cache");
        return Path.IsPathRooted(cache) ? Path.Combine(cache, "inference-server") : null;
    }
}
