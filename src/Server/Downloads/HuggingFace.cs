namespace InferenceServer.Server.Downloads;

/// <summary>Where models on Hugging Face are, and who may read them: settings that its own tools take from the environment too.</summary>
/// <param name="endpoint">Where the hub is.</param>
/// <param name="token">For models that not everybody may read; null for none.</param>
internal sealed class HuggingFace(Uri endpoint, string? token)
{
    private const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>Where the hub is.</summary>
    public Uri Endpoint { get; } = endpoint;

    /// <summary>Sent to the hub itself and to nobody else, wherever it redirects to; null for none.</summary>
    public string? Token { get; } = token;

    /// <summary>As <c>HF_ENDPOINT</c> and <c>HF_TOKEN</c> say.</summary>
    public static HuggingFace FromEnvironment()
    {
        var endpoint = Environment.GetEnvironmentVariable("HF_ENDPOINT");
        return new HuggingFace(
            Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : new Uri(DefaultEndpoint),
            Environment.GetEnvironmentVariable("HF_TOKEN") is { Length: > 0 } token ? token.Trim() : null);
    }

    /// <summary>Address of a file.</summary>
    /// <param name="repository">For example <c>Qwen/Qwen3-8B-GGUF</c>.</param>
    /// <param name="revision">A branch, tag or commit.</param>
    /// <param name="path">Within the repository.</param>
    public Uri AddressOf(string repository, string revision, string path) =>
        new(Endpoint, $"/{Escape(repository)}/resolve/{Uri.EscapeDataString(revision)}/{Escape(path)}");

    /// <summary>True if an address is the hub's own: the same scheme, host and port.</summary>
    public bool IsOwn(Uri address) =>
        address.Scheme == Endpoint.Scheme && address.Port == Endpoint.Port && string.Equals(address.Host, Endpoint.Host, StringComparison.OrdinalIgnoreCase);

    private static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}
