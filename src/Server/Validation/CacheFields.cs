namespace InferenceServer.Server.Validation;

/// <summary>What a client says of the prefixes that its request leaves behind.</summary>
internal static class CacheFields
{
    /// <summary>True for <c>in_memory</c>, in both spellings that OpenAI's documents have had: nothing goes to disk. All else means the server's own rule.</summary>
    public static bool ReadOnlyInMemory(JsonFields fields) => fields.Text("prompt_cache_retention") is "in_memory" or "in-memory";
}
