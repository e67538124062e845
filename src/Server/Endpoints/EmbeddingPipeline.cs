using System.Collections.Immutable;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Measuring;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>The stops between a valid request and the embedding model, for embeddings and reranking alike. Any thread.</summary>
internal sealed class EmbeddingPipeline(IInferenceEngine engine, ServedModel model, Settings settings, ChatPipeline chat, ServerInstruments instruments, TimeProvider clock)
{
    // Its own: a library that is being indexed takes no chat's place.
    private readonly AdmissionGate _gate = new(settings.Inference.MaxWaiting);

    /// <summary>A permit for one request; null when as many are under way as may.</summary>
    public AdmissionGate.Permit? TryEnter() => _gate.TryEnter();

    /// <summary>The model, if there is one.</summary>
    public Checked<ServedEmbeddingModel> Find() => model.Embedding is { } embedding
        ? embedding
        : RequestError.NoEmbeddings("This server has no embedding model: name one by the setting Inference:EmbeddingModelPath.");

    /// <summary>Why a request may not name the model so; null if it may.</summary>
    public RequestError? CheckName(string? name) =>
        model.IsStrict && name is not null && name != model.Embedding?.Id ? RequestError.UnknownModel(name) : null;

    /// <summary>Computes inputs, in their order.</summary>
    /// <param name="inputs">At least one.</param>
    /// <param name="param">The field that holds them.</param>
    /// <param name="placeOf">An input's place in the body.</param>
    /// <param name="cancellationToken">The client's leaving.</param>
    public async ValueTask<Checked<EmbedResult>> EmbedAsync(
        ImmutableArray<EmbedInput> inputs, string param, Func<int, string> placeOf, CancellationToken cancellationToken)
    {
        EmbedResult result;
        var start = clock.GetTimestamp();
        try
        {
            result = await engine.EmbedAsync(new EmbedRequest { Inputs = inputs }, cancellationToken);
        }
        catch (EngineUnavailableException)
        {
            return chat.WhyUnavailable() ?? RequestError.Loading();
        }

        if (result.Status == EmbedStatus.Ok && model.Embedding is { } embedding)
        {
            instruments.RecordEmbedding(clock.GetElapsedTime(start).TotalSeconds, result.Embeddings.Sum(each => each.NumTokens), embedding.Id);
        }

        return result.Status switch
        {
            EmbedStatus.Ok => result,
            EmbedStatus.QueueFull => RequestError.Busy(),
            EmbedStatus.Unavailable => RequestError.NoEmbeddings(result.Failure ?? "The embedding model is not available."),
            EmbedStatus.InputTooLong => RequestError.InputTooLong(
                param, placeOf(result.InputIndex), model.Embedding?.Embedding.MaxInputTokens ?? 0, result.NumTokens),
            EmbedStatus.InputEmpty => RequestError.BadValue(placeOf(result.InputIndex), $"Invalid '{placeOf(result.InputIndex)}': it has no tokens."),
            _ => RequestError.GenerationFailed(),
        };
    }
}
