namespace InferenceServer.Server.Endpoints;

/// <summary>Whose words an answer is in: clients read only their own kind of error.</summary>
internal enum ApiDialect
{
    /// <summary>OpenAI's; also for what belongs to nobody.</summary>
    OpenAi,

    /// <summary>Anthropic's.</summary>
    Anthropic,

    /// <summary>Ollama's.</summary>
    Ollama,
}
