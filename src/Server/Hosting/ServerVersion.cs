using System.Reflection;

namespace InferenceServer.Server.Hosting;

/// <summary>The program's version, as the build stamped it.</summary>
internal static class ServerVersion
{
    /// <summary>For example <c>1.0.0</c>, without the commit.</summary>
    public static string Text { get; } =
        typeof(ServerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
