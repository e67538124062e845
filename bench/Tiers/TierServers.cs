using InferenceServer.Bench.Compare;

namespace InferenceServer.Bench.Tiers;

/// <summary>Servers in turn over one folder for prefixes: each finds there what those before it left.</summary>
/// <param name="folder">For the files.</param>
/// <param name="modelPath">GGUF file.</param>
/// <param name="kvType">Type of K and V.</param>
internal sealed class TierServers(string folder, string modelPath, string kvType)
{
    /// <summary>Starts one; the one before must have ended.</summary>
    /// <param name="numCells">Cells of the context.</param>
    /// <param name="memoryMegabytes">Of the host's memory for prefixes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ServerProcess> StartAsync(int numCells, int memoryMegabytes, CancellationToken cancellationToken) => ServerProcess.StartAsync(
        ["--model", modelPath, "--context", $"{numCells}", "--kv-type", kvType],
        cancellationToken,
        ("Cache__DiskPath", folder), ("Cache__DiskLimit", "4096"), ("Cache__MemoryLimit", $"{memoryMegabytes}"));
}
