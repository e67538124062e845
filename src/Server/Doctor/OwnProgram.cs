namespace InferenceServer.Server.Doctor;

/// <summary>This program, to be started once more.</summary>
internal static class OwnProgram
{
    /// <summary>The file to run, and what comes before all arguments: nothing, or the assembly where the runtime is a program of its own.</summary>
    public static IReadOnlyList<string> Words { get; } = Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "InferenceServer"
        ? [Environment.ProcessPath!]
        : [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll")];
}
