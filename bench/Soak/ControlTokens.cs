using InferenceServer.Inference.Models;

namespace InferenceServer.Bench.Soak;

/// <summary>The tokens of a model that are no text: markers of turns, ends, unused ones.</summary>
internal static class ControlTokens
{
    private const string Key = "tokenizer.ggml.token_type";

    // llama.h, LLAMA_TOKEN_TYPE_CONTROL.
    private const uint Control = 3;

    /// <summary>Their ids, by the file's header.</summary>
    public static IReadOnlyList<int> Read(string modelPath)
    {
        using var file = File.OpenRead(modelPath);
        var reader = new GgufReader(file);
        if (GgufHeader.Read(reader) is not { } header || !header.Values.TryGetValue(Key, out var types))
        {
            return [];
        }

        reader.SeekTo(types.Position);
        return [.. Enumerable.Range(0, (int)types.Count).Where(_ => reader.ReadUInt32("token types") == Control)];
    }
}
