using System.Text.Json;

namespace InferenceServer.Testing;

/// <summary>Ten texts with token ids and vectors that were computed from the original weights of the embedded embedding model.</summary>
internal static class EmbeddingCases
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<(string Text, int[] Tokens, float[] Embedding)> Read()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Data("embeddings", "all-MiniLM-L6-v2.reference.json")));
        return
        [
            .. file.RootElement.GetProperty("cases").EnumerateArray().Select(item => (
                item.GetProperty("text").GetString()!,
                item.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32()).ToArray(),
                item.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle()).ToArray())),
        ];
    }
}
