using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>
/// The stops between a valid request and the engine, the same for every dialect: Render, Encode, context check, Submit.
/// Whatever can fail for the client's fault fails here, before the first byte. Any thread.
/// </summary>
internal sealed class ChatPipeline(IInferenceEngine engine, ServedModel model, Settings settings, AdmissionGate gate, TimeProvider clock)
{
    private long _lastGenerationId;

    /// <summary>Why the engine takes no work now; null if it does.</summary>
    public RequestError? WhyUnavailable() => engine.State switch
    {
        EngineState.Ready => null,
        EngineState.Loading => RequestError.Loading(),
        EngineState.Stopping => RequestError.Stopping(),
        _ => RequestError.EngineFailed(),
    };

    /// <summary>A permit for one generation; null when the server is full.</summary>
    public AdmissionGate.Permit? TryEnter() => gate.TryEnter();

    /// <summary>Render: the text that the model would be given.</summary>
    public Checked<PromptText> Render(ValidChatRequest request)
    {
        try
        {
            return model.Template.Render(request.Prompt);
        }
        catch (TemplateException e)
        {
            return RequestError.TemplateRefused(e.Message);
        }
    }

    /// <summary>All stops up to Submit; the generation runs when this returns it.</summary>
    /// <param name="request">What the client wants.</param>
    /// <param name="permit">The client's admission; widened if several choices are wanted.</param>
    /// <param name="cancellationToken">The client's leaving.</param>
    public async ValueTask<Checked<Generation>> StartAsync(ValidChatRequest request, AdmissionGate.Permit permit, CancellationToken cancellationToken)
    {
        if (model.IsStrict && request.Model is { } name && !model.IsNamed(name))
        {
            return RequestError.UnknownModel(name);
        }

        if (request.NumChoices > gate.Capacity)
        {
            return RequestError.BadValue("n", $"Invalid 'n': this server can run and queue {gate.Capacity} answers at once.", "integer_above_max_value");
        }

        if (!permit.TryGrowTo(request.NumChoices))
        {
            return RequestError.Busy();
        }

        if (!Render(request).TryGet(out var prompt, out var refusal))
        {
            return refusal;
        }

        ReadOnlyMemory<int> tokens;
        try
        {
            tokens = await engine.EncodeAsync(prompt, cancellationToken);
        }
        catch (EngineUnavailableException)
        {
            return WhyUnavailable() ?? RequestError.Loading();
        }

        if (tokens.Length >= model.ContextLength)
        {
            return RequestError.ContextExceeded("messages", model.ContextLength, tokens.Length);
        }

        return tokens.IsEmpty ? RequestError.TemplateRefused("The conversation renders to an empty prompt.") : Submit(request, tokens);
    }

    private Checked<Generation> Submit(ValidChatRequest request, ReadOnlyMemory<int> prompt)
    {
        var seed = request.Sampling.Seed ?? Random.Shared.NextInt64();
        var room = model.ContextLength - prompt.Length;
        var streams = new GenerationStream[request.NumChoices];
        for (var index = 0; index < streams.Length; index++)
        {
            var result = engine.Submit(new GenerationRequest
            {
                Id = Interlocked.Increment(ref _lastGenerationId),
                PromptTokens = prompt,
                MaxOutputTokens = Math.Min(request.MaxOutputTokens ?? room, room),
                Sampling = SamplingResolver.Resolve(
                    request.Sampling, settings.Inference.Sampling, model.Metadata.Sampling, SamplingResolver.SeedOf(seed, index)),
                Stop = request.Stop,
                IgnoreEos = request.IgnoreEos,
                Class = request.Class,
                ReusePrefix = request.ReusePrefix,
                CacheSalt = request.CacheSalt,
            });
            if (result.Stream is null)
            {
                foreach (var started in streams.AsSpan(0, index))
                {
                    engine.Abort(started.RequestId);
                }

                return result.Status == SubmitStatus.QueueFull ? RequestError.Busy() : WhyUnavailable() ?? RequestError.Loading();
            }

            streams[index] = result.Stream;
        }

        return new Generation(engine, clock, prompt.Length, [.. streams.Select((stream, index) => new Choice(index, stream, request.Stop, clock))]);
    }
}
