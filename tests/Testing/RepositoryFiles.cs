namespace InferenceServer.Testing;

/// <summary>Files of the source tree that tests read where they lie.</summary>
internal static class RepositoryFiles
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The embedded chat model.</summary>
    public static string ChatModel { get; } = Path.Combine(Root, "models", "SmolLM2-135M-Instruct.Q4_1.gguf");

    /// <summary>The embedded embedding model.</summary>
    public static string EmbeddingModel { get; } = Path.Combine(Root, "models", "all-MiniLM-L6-v2.Q8_0.gguf");

    /// <summary>A file of <c>tests/Testing/Data</c>.</summary>
    public static string Data(params string[] path) => Path.Combine([Root, "tests", "Testing", "Data", .. path]);

    /// <summary>The folder of an installed llama.cpp package, for example <c>linux-arm64</c>.</summary>
    public static string NativePackage(string package) =>
        Path.Combine(Root, "native", "node_modules", "@node-llama-cpp", package, "bins", package);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "InferenceServer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"InferenceServer.sln is in no folder above {AppContext.BaseDirectory}.");
    }
}
