namespace InferenceServer.Server.Commands;

/// <summary>An option of the command line: another way to write a setting. Its value is checked where settings are checked.</summary>
/// <param name="Name">With its dashes.</param>
/// <param name="Key">The setting.</param>
/// <param name="ValueName">What stands for the value in the help; null for a switch, which sets <c>true</c>.</param>
/// <param name="Description">For the help.</param>
internal sealed record CommandLineOption(string Name, string Key, string? ValueName, string Description)
{
    /// <summary>All options, in the order of the help.</summary>
    public static IReadOnlyList<CommandLineOption> All { get; } =
    [
        new("--model", "Inference:ModelPath", "MODEL", "The model: a GGUF file, the first of its shards, or the name of a pulled one."),
        new("--model-folder", "Server:ModelFolder", "FOLDER", "Where pulled models are. Default: the platform's cache folder."),
        new("--host", "Server:Host", "ADDRESS", "Address to listen on: an IP address, localhost, or * for all. Default 127.0.0.1."),
        new("--port", "Server:Port", "PORT", "Port to listen on; 0 takes a free one. Default 8080."),
        new("--alias", "Server:Alias", "NAMES", "Names of the model for clients, separated by commas; the first is its id. Default: the file's name."),
        new("--api-key", "Server:ApiKey", "KEY", "Key that clients must send. Visible to other users of this machine: prefer --api-key-file."),
        new("--api-key-file", "Server:ApiKeyFile", "FILE", "File of keys that clients may send, as hashes: see the command keys."),
        new("--chat-template", "Inference:ChatTemplate", "FILE", "Jinja template to use instead of the model's own."),
        new("--parallel", "Inference:Parallel", "N", "Sequences that compute at the same time. Default 8."),
        new("--threads", "Inference:Threads", "N", "CPU threads. Default: the machine's cores."),
        new("--gpu-layers", "Inference:GpuLayers", "N", "Layers on the GPU. Default: all."),
        new("--device", "Inference:Device", "NAME", "auto, cpu, or a device's name as the log lists it. Default auto."),
        new("--mlock", "Inference:MLock", null, "Pin the weights in memory."),
        new("--kv-type", "Inference:KvCacheType", "TYPE", "Number format of the KV cache: f16, bf16, q8_0 or q4_0. Default f16."),
        new("--context", "Inference:Context", "TOKENS", "KV cells that all requests share. Default 32768."),
        new("--force", "Inference:AllowSwapping", null, "Load the model even if it does not fit into the machine's memory."),
        new("--insecure", "Server:Insecure", null, "Listen beyond this machine even without an API key."),
    ];
}
