using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Downloads;

/// <summary>Where pulled models are, and which.</summary>
/// <param name="path">The folder; it need not exist.</param>
internal sealed class ModelFolder(string path)
{
    private const string Ending = ".gguf";

    /// <summary>The folder that settings name, else the platform's place for what can be fetched again.</summary>
    public static ModelFolder From(ServerOptions options) => From(options.ModelFolder);

    /// <summary>The folder that a setting names, else the platform's place for what can be fetched again.</summary>
    /// <param name="setting"><see cref="ServerOptions.ModelFolder"/>.</param>
    public static ModelFolder From(string? setting) => new(setting ?? System.IO.Path.Combine(UserFolders.Cache() ?? "", "models"));

    /// <summary>The folder.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Where a file belongs.</summary>
    public string PathOf(ModelSource source) => System.IO.Path.Combine([Path, .. source.Group.Split('/'), source.FileName]);

    /// <summary>All models, whole or not, by name.</summary>
    public IReadOnlyList<StoredModel> List()
    {
        if (!Directory.Exists(Path))
        {
            return [];
        }

        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true };
        return [.. Directory.EnumerateFiles(Path, "*", options)
            .Where(file => file.EndsWith(Ending, StringComparison.OrdinalIgnoreCase) || file.EndsWith(Ending + PartialFile.Ending, StringComparison.OrdinalIgnoreCase))
            .Select(file => file.EndsWith(PartialFile.Ending, StringComparison.Ordinal) ? file[..^PartialFile.Ending.Length] : file)
            .Select(file => GgufShardName.Parse(file)?.PathOf(1) ?? file)
            .Distinct(StringComparer.Ordinal)
            .Select(Describe)
            .OrderBy(model => model.Name, StringComparer.OrdinalIgnoreCase).ThenBy(model => model.Group, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>The models with a name: of the file alone, or with its folders before it; case does not matter.</summary>
    public IReadOnlyList<StoredModel> Find(string name) =>
        [.. List().Where(model => Is(name, model.Name) || Is(name, $"{model.Group}/{model.Name}"))];

    private static bool Is(string wanted, string name) => string.Equals(wanted, name, StringComparison.OrdinalIgnoreCase);

    private StoredModel Describe(string first)
    {
        var shard = GgufShardName.Parse(first);
        long size = 0, length = 0;
        var isWhole = true;
        foreach (var file in shard is null ? [first] : Enumerable.Range(1, shard.Count).Select(shard.PathOf))
        {
            if (new FileInfo(file) is { Exists: true } whole)
            {
                size += whole.Length;
                length += whole.Length;
                continue;
            }

            isWhole = false;
            if (PartialFile.ReadProgress(file + PartialFile.Ending) is { } progress)
            {
                size += progress.Done;
                length += progress.Length;
            }
        }

        return new StoredModel
        {
            Name = ServedModel.DefaultId(first),
            Group = System.IO.Path.GetRelativePath(Path, System.IO.Path.GetDirectoryName(first)!).Replace(System.IO.Path.DirectorySeparatorChar, '/'),
            Path = first,
            Size = size,
            Length = length,
            IsWhole = isWhole,
        };
    }
}
