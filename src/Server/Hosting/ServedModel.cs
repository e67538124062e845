using System.Security.Cryptography;
using System.Text;
using InferenceServer.Inference;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Machines;

namespace InferenceServer.Server.Hosting;

/// <summary>The model as clients see it: known from its file's header, before any weight is read. Immutable; any thread.</summary>
internal sealed class ServedModel
{
    /// <summary>Puts it together.</summary>
    /// <param name="metadata">What the file says.</param>
    /// <param name="template">The chat template, the file's own or the operator's.</param>
    /// <param name="settings">Names and limits.</param>
    /// <param name="created">When the file was written.</param>
    /// <param name="embedding">The model for embeddings; null if there is none.</param>
    public ServedModel(ModelMetadata metadata, ChatTemplate template, Settings settings, DateTimeOffset created, ServedEmbeddingModel? embedding = null)
    {
        Embedding = embedding;
        Metadata = metadata;
        Template = template;
        Format = ChatFormat.Detect(template);
        Created = created.ToUnixTimeSeconds();
        ContextLength = Math.Min(metadata.ContextLength, settings.Inference.Context);
        IsStrict = settings.Server.StrictModel;
        var names = settings.Server.Alias?.Split(',', StringSplitOptions.TrimEntries) ?? [DefaultId(metadata.Path)];
        Id = names[0];
        Aliases = names[1..];
        Fingerprint = FingerprintOf(metadata, settings.Inference);
    }

    /// <summary>The name that answers carry.</summary>
    public string Id { get; }

    /// <summary>Further names.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>What the file says.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>The file, or all its shards.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>What it takes in memory; null if nobody planned it.</summary>
    public MemoryPlan? Plan { get; init; }

    /// <summary>The second model, for embeddings or reranking; null if there is none.</summary>
    public ServedEmbeddingModel? Embedding { get; }

    /// <summary>What a decode step reads; null if nobody looked.</summary>
    public Roofline? Roofline { get; init; }

    /// <summary>The chip that computes; null if it is not in the table.</summary>
    public Chip? Chip { get; init; }

    /// <summary>Turns conversations into prompts.</summary>
    public ChatTemplate Template { get; }

    /// <summary>How the model writes thoughts and calls.</summary>
    public ChatFormat Format { get; }

    /// <summary>Tokens that one request may use, prompt and answer together.</summary>
    public int ContextLength { get; }

    /// <summary>Seconds since 1970.</summary>
    public long Created { get; }

    /// <summary><c>fp_</c> and ten hex digits that change with the model and with settings that touch its numbers.</summary>
    public string Fingerprint { get; }

    /// <summary>True: only <see cref="Id"/> and <see cref="Aliases"/> name this model in requests.</summary>
    public bool IsStrict { get; }

    /// <summary>True if a client may mean this model by a name.</summary>
    public bool IsNamed(string name) => name == Id || Aliases.Contains(name);

    /// <summary>The file's name without its ending and shard number, as people call the model.</summary>
    internal static string DefaultId(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var shard = name.LastIndexOf("-00001-of-", StringComparison.Ordinal);
        return shard > 0 ? name[..shard] : name;
    }

    private static string FingerprintOf(ModelMetadata metadata, InferenceOptions options)
    {
        var text = string.Join('\n', metadata.Name, metadata.Architecture, metadata.ParameterCount, metadata.FileSize, metadata.Quantization, options.KvCacheType, options.Device);
        return "fp_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..10];
    }
}
