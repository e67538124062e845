namespace InferenceServer.Inference.Cache;

/// <summary>
/// Everything but the tokens that changes the numbers in a cell: part of the name of every prefix, and so of every file on disk. Settings of the rope are those of the model's file, which
/// <paramref name="Model"/> tells apart; the server has no setting for them, and none for adapters (LoRA, control vectors). Whoever adds one adds it here. Flash attention, whole windows
/// and a unified cache are always on.
/// </summary>
/// <param name="Model">What <see cref="Models.ModelIdentity"/> says of all the model's files.</param>
/// <param name="KvType">Type of K and of V.</param>
/// <param name="Device">As the settings name it: another device rounds otherwise.</param>
/// <param name="GpuLayers">Layers on it; null for all.</param>
/// <param name="Release">llama.cpp's release.</param>
/// <param name="Format">Version of the files' format.</param>
internal sealed record PrefixFingerprint(string Model, KvCacheType KvType, string Device, int? GpuLayers, string Release, int Format)
{
    /// <summary>As it goes into names: different for different fingerprints.</summary>
    public string Text => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Model}|{KvType}|{Device}|{GpuLayers}|{Release}|{Format}");
}
