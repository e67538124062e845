using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Measuring;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;
using InferenceServer.Telemetry.Power.Attribution;

namespace InferenceServer.Server.Endpoints;

/// <summary>
/// The last stops before the engine, the same for every kind of prompt: admission, Encode, context check, Submit. Whatever can
/// fail for the client's fault fails here, before the first byte. Any thread.
/// </summary>
internal sealed class GenerationStarter(
    IInferenceEngine engine, ServedModel model, Settings settings, AdmissionGate gate, Drain drain, TimeProvider clock, EnergyLedger ledger, ILogger<GenerationStarter> logger)
{
    private long _lastGenerationId;

    /// <summary>Why the engine takes no work now; null if it does.</summary>
    public RequestError? WhyUnavailable() => engine.State switch
    {
        not EngineState.Failed when drain.IsDraining => RequestError.Stopping(),
        EngineState.Ready => null,
        EngineState.Loading => RequestError.Loading(),
        EngineState.Stopping => RequestError.Stopping(),
        EngineState.Recovering => RequestError.Recovering(engine.Failure),
        _ => RequestError.EngineFailed(),
    };

    /// <summary>A permit for one generation; null when the server is full.</summary>
    public AdmissionGate.Permit? TryEnter() => gate.TryEnter();

    /// <summary>Widens a permit to all the answers that a request wants; null if that went well.</summary>
    /// <param name="request">Whose model name is looked at, too.</param>
    /// <param name="permit">The client's admission.</param>
    /// <param name="numAnswers">Answers to all prompts together.</param>
    /// <param name="param">The field to blame if they are too many.</param>
    public RequestError? TryAdmit(ValidRequest request, AdmissionGate.Permit permit, int numAnswers, string param)
    {
        if (model.IsStrict && request.Model is { } name && !model.IsNamed(name))
        {
            return RequestError.UnknownModel(name);
        }

        if (numAnswers > permit.Capacity)
        {
            return RequestError.BadValue(param, $"Invalid '{param}': this server can run and queue {permit.Capacity} answers of yours at once.", "integer_above_max_value");
        }

        return permit.TryGrowTo(numAnswers) ? null : RequestError.Busy();
    }

    /// <summary>Encode: the tokens of a prompt, which may be none.</summary>
    public async ValueTask<Checked<int[]>> EncodeAsync(PromptText prompt, CancellationToken cancellationToken)
    {
        if (settings.Log.Prompts)
        {
            logger.PromptSeen(prompt.ToString());
        }

        try
        {
            return (await engine.EncodeAsync(prompt, cancellationToken)).ToArray();
        }
        catch (EngineUnavailableException)
        {
            return WhyUnavailable() ?? RequestError.Loading();
        }
    }

    /// <summary>Submit: every prompt as many times as answers are wanted; all run when this returns the generation.</summary>
    /// <param name="request">How to answer.</param>
    /// <param name="permit">The client's admission; its client decides the class.</param>
    /// <param name="prompts">At least one, each at least one token.</param>
    /// <param name="answersPerPrompt">At least 1.</param>
    /// <param name="param">The field that holds the prompts.</param>
    /// <param name="scoresPrompts">True: the log probabilities of the prompts' tokens are wanted.</param>
    /// <param name="createChoice">Makes the reader of an answer's events from its index, the events and a clock.</param>
    /// <param name="grammar">What the outputs must fit, checked; null for anything.</param>
    /// <param name="thought">How long the model may think; null for as long as it likes.</param>
    public Checked<Generation> Submit(
        ValidRequest request,
        AdmissionGate.Permit permit,
        IReadOnlyList<int[]> prompts,
        int answersPerPrompt,
        string param,
        bool scoresPrompts,
        Func<int, GenerationStream, TimeProvider, Choice> createChoice,
        GrammarSource? grammar = null,
        ThoughtBudget? thought = null)
    {
        if (prompts.FirstOrDefault(prompt => prompt.Length >= model.ContextLength) is { } tooLong)
        {
            return RequestError.ContextExceeded(param, model.ContextLength, tooLong.Length);
        }

        var seed = request.Sampling.Seed ?? Random.Shared.NextInt64();
        var choices = new Choice[prompts.Count * answersPerPrompt];
        var energy = ledger.IsUsed ? new EnergyAccount(ledger) : null;
        for (var index = 0; index < choices.Length; index++)
        {
            var prompt = prompts[index / answersPerPrompt];
            var submitted = ToEngine(request, permit.Client, prompt, SamplingResolver.SeedOf(seed, index % answersPerPrompt), scoresPrompts) with { Grammar = grammar, Thought = thought };
            energy?.Open(submitted.Id);
            var result = engine.Submit(submitted);
            if (result.Stream is null)
            {
                foreach (var started in choices.AsSpan(0, index))
                {
                    engine.Abort(started.Stream.RequestId);
                }

                energy?.Close();
                return result.Status switch
                {
                    SubmitStatus.QueueFull => RequestError.Busy(),
                    SubmitStatus.Refused => RequestError.Refused(param),
                    _ => WhyUnavailable() ?? RequestError.Loading(),
                };
            }

            choices[index] = createChoice(index, result.Stream, clock);
        }

        return new Generation(engine, clock, prompts.Sum(prompt => prompt.Length), choices, answersPerPrompt, energy);
    }

    private GenerationRequest ToEngine(ValidRequest request, ClientAccount? client, int[] prompt, long seed, bool scoresPrompt)
    {
        var room = model.ContextLength - prompt.Length;
        return new GenerationRequest
        {
            Id = Interlocked.Increment(ref _lastGenerationId),
            PromptTokens = prompt,
            MaxOutputTokens = Math.Min(request.MaxOutputTokens ?? room, room),
            MinOutputTokens = request.End.MinTokens,
            Sampling = SamplingResolver.Resolve(request.Sampling, settings.Inference.Sampling, model.Metadata.Sampling, seed),
            Stop = request.End.Stop,
            StopTokens = request.End.StopTokens,
            IgnoreEos = request.End.IgnoreEos,
            TopLogProbs = request.TopLogProbs,
            PromptTopLogProbs = scoresPrompt ? request.TopLogProbs : null,
            Class = client?.ClassOf(request.Class) ?? request.Class ?? RequestClass.Default,
            ReusePrefix = request.ReusePrefix,
            CacheSalt = request.CacheSalt,
            OnlyInMemory = request.OnlyInMemory,
        };
    }
}
