using InferenceServer.Inference.Models;

namespace InferenceServer.Server.Downloads;

/// <summary>A file to download, and where it belongs in the model folder.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Group">Folders below the model folder: <c>owner/repository</c>, or a host's name.</param>
/// <param name="FileName">Its name there.</param>
internal sealed record ModelSource(Uri Address, string Group, string FileName)
{
    /// <summary>What <c>hf:owner/repository/path/to/file.gguf</c> begins with; <c>@revision</c> may follow the repository, with %2F for a slash in it.</summary>
    public const string HuggingFacePrefix = "hf:";

    /// <summary>True for what names something to download, not a file of this machine.</summary>
    public static bool IsRemote(string text) =>
        text.StartsWith(HuggingFacePrefix, StringComparison.Ordinal)
        || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Takes a source apart; null, with a line for people, if it is none.</summary>
    public static ModelSource? Parse(string text, HuggingFace hub, out string? error)
    {
        if (text.StartsWith(HuggingFacePrefix, StringComparison.Ordinal))
        {
            return ParseHub(text[HuggingFacePrefix.Length..], hub, out error);
        }

        error = null;
        if (IsRemote(text) && Uri.TryCreate(text, UriKind.Absolute, out var address) && FileNameOf(address) is { } name)
        {
            return new ModelSource(address, address.Host, name);
        }

        error = $"'{text}' is neither hf:owner/repository/file.gguf nor the address of a file.";
        return null;
    }

    /// <summary>All files of the model: the source alone, or every shard if it is named as one of several.</summary>
    public IReadOnlyList<ModelSource> All()
    {
        if (GgufShardName.Parse(FileName) is not { } shard)
        {
            return [this];
        }

        var folder = Address.AbsoluteUri[..(Address.AbsoluteUri.Length - Address.Query.Length - Address.Segments[^1].Length)];
        return [.. Enumerable.Range(1, shard.Count).Select(number => shard.PathOf(number))
            .Select(name => new ModelSource(new Uri(folder + Uri.EscapeDataString(name) + Address.Query), Group, name))];
    }

    private static ModelSource? ParseHub(string text, HuggingFace hub, out string? error)
    {
        var parts = text.Split('/');
        var (repository, revision) = parts.Length > 1 && parts[1].Split('@', 2) is [var name, var given] ? (name, Uri.UnescapeDataString(given)) : (parts.ElementAtOrDefault(1), "main");
        if (parts.Length < 3 || string.IsNullOrEmpty(repository) || revision.Length == 0 || parts.Any(part => part is "" or "." or ".."))
        {
            error = $"'{HuggingFacePrefix}{text}' is not of the form hf:owner/repository/file.gguf.";
            return null;
        }

        error = null;
        var path = string.Join('/', parts[2..]);
        return new ModelSource(hub.AddressOf($"{parts[0]}/{repository}", revision, path), $"{parts[0]}/{repository}", parts[^1]);
    }

    // What a file may be called here: nothing that leaves its folder.
    private static string? FileNameOf(Uri address)
    {
        var name = Uri.UnescapeDataString(address.Segments[^1]);
        return name.Length > 0 && name is not ("/" or "." or "..") && name.IndexOfAny(['/', '\\', '\0']) < 0 ? name : null;
    }
}
