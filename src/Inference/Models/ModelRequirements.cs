namespace InferenceServer.Inference.Models;

/// <summary>
/// What a header must say so that the engine can run the model for a purpose.
/// </summary>
internal static class ModelRequirements
{
    // The library's LLAMA_MAX_LAYERS; it aborts beyond it.
    private const int MaxLayers = 512;

    /// <summary>The first requirement that is not met; null if all are.</summary>
    public static ModelFileFault? Check(GgufHeader header, ModelPurpose purpose) =>
        CheckKind(header, purpose) ?? CheckKeys(header) ?? CheckVocabulary(header) ?? LibraryAsserts.Check(header);

    private static ModelFileFault? CheckKind(GgufHeader header, ModelPurpose purpose)
    {
        var kind = header.FindText("general.type") switch
        {
            "adapter" => "an adapter (LoRA) for another model",
            "imatrix" => "an importance matrix",
            "mmproj" => "a projector for images or sound (mmproj)",
            _ => null,
        };
        if (kind is not null)
        {
            return NotFor(purpose, kind);
        }

        if (!header.Values.TryGetValue("general.architecture", out var value))
        {
            return Missing("general.architecture");
        }

        if (value.Text is not { } architecture)
        {
            return WrongType("general.architecture", "a text");
        }

        var embeds = ModelArchitectures.IsEmbedding(architecture);
        if (!embeds && ModelArchitectures.DescribeOther(architecture) is { } other)
        {
            return NotFor(purpose, other);
        }

        if (!embeds && !ModelArchitectures.IsGenerative(architecture))
        {
            return new ModelFileFault(
                ModelFileError.UnsupportedArchitecture, $"is of architecture {ModelFileFault.Quote(architecture)}, which this server does not know");
        }

        // Embedding models and rerankers made of a generative architecture say so by how they pool or attend.
        embeds = embeds || header.FindNumber($"{architecture}.pooling_type") > 0 || header.FindNumber($"{architecture}.attention.causal") == 0;
        return (purpose, embeds) switch
        {
            (ModelPurpose.Generation, true) => NotFor(purpose, "an embedding model"),
            (ModelPurpose.Embedding, false) => NotFor(purpose, "a model that generates text"),
            _ => null,
        };
    }

    private static ModelFileFault? CheckKeys(GgufHeader header)
    {
        var architecture = header.FindText("general.architecture");
        (string Name, long Max)[] keys = [("context_length", int.MaxValue), ("embedding_length", int.MaxValue), ("block_count", MaxLayers)];
        foreach (var (name, max) in keys)
        {
            var key = $"{architecture}.{name}";
            if (!header.Values.TryGetValue(key, out var value))
            {
                return Missing(key);
            }

            // The library takes no other type for these.
            if (value.IsArray || value.Type != GgufValueType.UInt32)
            {
                return WrongType(key, "a number of type uint32");
            }

            if (value.Number < 1 || value.Number > max)
            {
                return new ModelFileFault(
                    ModelFileError.Malformed, $"has {value.Number} as {key}; 1 to {max} are possible");
            }
        }

        return null;
    }

    private static ModelFileFault? CheckVocabulary(GgufHeader header)
    {
        const string Model = "tokenizer.ggml.model";
        if (!header.Values.TryGetValue(Model, out var model))
        {
            return Missing(Model);
        }

        if (model.Text is null)
        {
            return WrongType(Model, "a text");
        }

        if (!header.Values.TryGetValue(GgufTokenList.Key, out var tokens))
        {
            return Missing(GgufTokenList.Key);
        }

        return tokens is { IsArray: true, Type: GgufValueType.Text, Count: > 0 and <= int.MaxValue } ? null : WrongType(GgufTokenList.Key, "a list of texts");
    }

    private static ModelFileFault NotFor(ModelPurpose purpose, string kind) => purpose == ModelPurpose.Generation
        ? new(ModelFileError.NotGenerative, $"is {kind}, not a model that generates text")
        : new(ModelFileError.NotEmbedding, $"is {kind}, not an embedding model");

    private static ModelFileFault Missing(string key) => new(ModelFileError.MissingKey, $"lacks the key {key}");

    private static ModelFileFault WrongType(string key, string type) => new(ModelFileError.Malformed, $"has the key {key}, but it is not {type}");
}
