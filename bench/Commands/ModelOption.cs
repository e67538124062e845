using System.CommandLine;

namespace InferenceServer.Bench.Commands;

/// <summary><c>--model-path</c>: the GGUF file of commands that load one. Default: the embedded model, wherever the command is run.</summary>
internal static class ModelOption
{
    private const string Default = "models/SmolLM2-135M-Instruct.Q4_1.gguf";

    /// <summary>The option.</summary>
    public static Option<string> Create() => new("--model-path") { Description = "GGUF file.", DefaultValueFactory = _ => FindDefault() };

    /// <summary>The embedded model, looked for in the folders above the program.</summary>
    public static string FindDefault()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, Default)))
            {
                return Path.Combine(folder, Default);
            }
        }

        return Default;
    }
}
