using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>
/// The stops between a valid completion request and the engine: Encode each prompt, context check, Submit. Whatever can fail for
/// the client's fault fails here, before the first byte. Any thread.
/// </summary>
internal sealed class CompletionPipeline(IInferenceEngine engine, ServedModel model, GenerationStarter starter, GrammarStop grammars)
{
    /// <summary>All stops up to Submit; the generation runs when this returns it.</summary>
    /// <param name="request">What the client wants.</param>
    /// <param name="permit">The client's admission; widened to all answers.</param>
    /// <param name="cancellationToken">The client's leaving.</param>
    public async ValueTask<Checked<Generation>> StartAsync(ValidCompletionRequest request, AdmissionGate.Permit permit, CancellationToken cancellationToken)
    {
        var numAnswers = (long)request.Prompts.Length * request.NumCandidates;
        if (starter.TryAdmit(request, permit, (int)Math.Min(numAnswers, int.MaxValue), request.Prompts.Length > 1 ? "prompt" : "n") is { } refused)
        {
            return refused;
        }

        if (request.Suffix is not null && engine.Infill is null)
        {
            return RequestError.UnsupportedValue("suffix", "'suffix' is not supported: this model was not trained to fill gaps.");
        }

        if (request.Constraint is { } constraint && grammars.Check(constraint.Source, constraint) is { } unfit)
        {
            return unfit;
        }

        var prompts = new List<int[]>(request.Prompts.Length);
        var echoes = request.Echo ? new List<PromptEcho>(request.Prompts.Length) : null;
        foreach (var prompt in request.Prompts)
        {
            if (!(await EncodeAsync(prompt, request, cancellationToken)).TryGet(out var tokens, out var error))
            {
                return error;
            }

            prompts.Add(tokens);
            if (echoes is not null)
            {
                if (!ToEcho(prompt, tokens, request.ReportsLogProbs).TryGet(out var echo, out error))
                {
                    return error;
                }

                echoes.Add(echo);
            }
        }

        return starter.Submit(
            request,
            permit,
            prompts,
            request.NumCandidates,
            "prompt",
            echoes is { } && request.ReportsLogProbs,
            (index, stream, clock) => new PlainChoice(index, stream, request.End, clock, echoes?[index / request.NumCandidates]),
            request.Constraint?.Source);
    }

    private async ValueTask<Checked<int[]>> EncodeAsync(CompletionPrompt prompt, ValidCompletionRequest request, CancellationToken cancellationToken)
    {
        if (request.Suffix is { } suffix)
        {
            return await EncodeGapAsync(prompt, suffix, request, cancellationToken);
        }

        if (prompt.Text is null)
        {
            return prompt.Tokens;
        }

        var encoded = await starter.EncodeAsync(PromptText.Trusted(prompt.Text) with { AddsSpecial = request.AddsSpecial }, cancellationToken);
        if (!encoded.TryGet(out var tokens, out var error) || tokens.Length > 0)
        {
            return error is null ? tokens! : error;
        }

        // A model goes on from something: an empty prompt is the beginning, or what parts texts.
        var nothing = model.Metadata.BosToken ?? model.Metadata.EosToken ?? "\n";
        return await starter.EncodeAsync(PromptText.Trusted(nothing) with { AddsSpecial = false }, cancellationToken);
    }

    // Prefix, suffix, middle: the order that models are trained on which name these tokens in their files.
    private async ValueTask<Checked<int[]>> EncodeGapAsync(CompletionPrompt prompt, string suffix, ValidCompletionRequest request, CancellationToken cancellationToken)
    {
        var infill = engine.Infill!;
        int[] start = [];
        int[] before = prompt.Tokens;
        if ((request.AddsSpecial && !(await starter.EncodeAsync(PromptText.Trusted(""), cancellationToken)).TryGet(out start!, out var error))
            || (prompt.Text is { } text && !(await starter.EncodeAsync(ToPrompt(text), cancellationToken)).TryGet(out before!, out error))
            || !(await starter.EncodeAsync(ToPrompt(suffix), cancellationToken)).TryGet(out var after, out error))
        {
            return error;
        }

        int[] tokens = [.. start, infill.Prefix, .. before, infill.Suffix, .. after, infill.Middle];
        return tokens;

        PromptText ToPrompt(string part) => new(part.Length == 0 ? [] : [new PromptSegment(part, FromTemplate: request.ParsesSpecial)]) { AddsSpecial = false };
    }

    private Checked<PromptEcho> ToEcho(CompletionPrompt prompt, int[] tokens, bool isScored)
    {
        if (prompt.Text is { } text && !isScored)
        {
            return new PromptEcho(text, []);
        }

        try
        {
            var pieces = engine.GetPieces(tokens);
            var spelled = prompt.Text ?? System.Text.Encoding.UTF8.GetString([.. pieces.SelectMany(piece => piece.Bytes.ToArray())]);
            return new PromptEcho(spelled, isScored ? pieces : []);
        }
        catch (EngineUnavailableException)
        {
            return starter.WhyUnavailable() ?? RequestError.Loading();
        }
    }
}
