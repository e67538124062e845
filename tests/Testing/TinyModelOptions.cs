namespace InferenceServer.Testing;

/// <summary>What a <see cref="TinyModel"/> should be like.</summary>
internal sealed record TinyModelOptions
{
    /// <summary>The kind of memory it has.</summary>
    public TinyArchitecture Architecture { get; init; } = TinyArchitecture.Llama;

    /// <summary>Tokens it claims to have been trained for.</summary>
    public int ContextLength { get; init; } = 2_048;

    /// <summary>Layers.</summary>
    public int BlockCount { get; init; } = 2;

    /// <summary>Tokens that a windowed layer sees; only for <see cref="TinyArchitecture.SlidingWindow"/>.</summary>
    public int SlidingWindow { get; init; } = 128;

    /// <summary>Jinja text; null leaves the model without a template.</summary>
    public string? ChatTemplate { get; init; } = TinyModel.ChatMl;

    /// <summary><c>general.name</c>.</summary>
    public string Name { get; init; } = "Tiny";

    /// <summary>Other seeds give other weights, and so other outputs.</summary>
    public int Seed { get; init; } = 1;
}
