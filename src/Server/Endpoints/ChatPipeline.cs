using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>
/// The stops between a valid chat request and the engine, the same for every dialect: Render, Encode, context check, Submit.
/// Whatever can fail for the client's fault fails here, before the first byte. Any thread.
/// </summary>
internal sealed class ChatPipeline(ServedModel model, GenerationStarter starter, ChatConstraints constraints, GeneratedTurns turns)
{
    /// <inheritdoc cref="GenerationStarter.WhyUnavailable"/>
    public RequestError? WhyUnavailable() => starter.WhyUnavailable();

    /// <inheritdoc cref="GenerationStarter.TryEnter"/>
    public AdmissionGate.Permit? TryEnter() => starter.TryEnter();

    /// <summary>Render: the text that the model would be given.</summary>
    public Checked<PromptText> Render(ValidChatRequest request)
    {
        try
        {
            var prompt = model.Template.Render(model.Format.ShowTools(request.Prompt));
            return request.MaxThoughtTokens == 0 ? model.Format.CloseThought(prompt) : prompt;
        }
        catch (TemplateException e)
        {
            return RequestError.TemplateRefused(request.PromptField, e.Message);
        }
    }

    /// <summary>All stops up to Encode: what the conversation comes to, however long it is.</summary>
    /// <param name="request">What the client wants.</param>
    /// <param name="permit">The client's admission.</param>
    /// <param name="cancellationToken">The client's leaving.</param>
    public async ValueTask<Checked<int[]>> EncodeAsync(ValidChatRequest request, AdmissionGate.Permit permit, CancellationToken cancellationToken)
    {
        if (starter.TryAdmit(request, permit, request.NumChoices, "n") is { } refused)
        {
            return refused;
        }

        return Render(request).TryGet(out var prompt, out var refusal) ? await starter.EncodeAsync(turns.Recall(prompt), cancellationToken) : refusal;
    }

    /// <summary>All stops up to Submit; the generation runs when this returns it.</summary>
    /// <param name="request">What the client wants.</param>
    /// <param name="permit">The client's admission; widened if several choices are wanted.</param>
    /// <param name="cancellationToken">The client's leaving.</param>
    public async ValueTask<Checked<Generation>> StartAsync(ValidChatRequest request, AdmissionGate.Permit permit, CancellationToken cancellationToken)
    {
        if (starter.TryAdmit(request, permit, request.NumChoices, "n") is { } refused)
        {
            return refused;
        }

        if (!Render(request).TryGet(out var prompt, out var refusal)
            || !(await EncodeThoughtEndAsync(request, cancellationToken)).TryGet(out var thoughtEnd, out refusal)
            || !(await starter.EncodeAsync(turns.Recall(prompt), cancellationToken)).TryGet(out var tokens, out refusal)
            || !constraints.Build(request, prompt).TryGet(out var form, out refusal))
        {
            return refusal;
        }

        if (tokens.Length == 0)
        {
            return RequestError.TemplateRefused(request.PromptField, "The conversation renders to an empty prompt.");
        }

        var format = request.ThoughtDisplay == ThoughtDisplay.InText ? form.Format.WithThoughtsInText() : form.Format;
        return starter.Submit(
            request,
            permit,
            [tokens],
            request.NumChoices,
            request.PromptField,
            scoresPrompts: false,
            (index, stream, clock) => new ParsedChoice(index, stream, clock, request, new ChatOutputParser(format, request.Prompt.Tools, prompt), turns.Begin(prompt)),
            form.Grammar,
            LimitThought(request, prompt, thoughtEnd));
    }

    // None if thoughts are not limited, or not told apart.
    private async ValueTask<Checked<int[]>> EncodeThoughtEndAsync(ValidChatRequest request, CancellationToken cancellationToken) =>
        request.MaxThoughtTokens is > 0 && model.Format.ThoughtEnd is { } end
            ? await starter.EncodeAsync(PromptText.Trusted(end) with { AddsSpecial = false }, cancellationToken)
            : (Checked<int[]>)Array.Empty<int>();

    private ThoughtBudget? LimitThought(ValidChatRequest request, PromptText prompt, int[] end) => end.Length > 0 && model.Format.FindThought(prompt) is { } thought
        ? new ThoughtBudget { MaxTokens = request.MaxThoughtTokens!.Value, IsOpen = thought.IsOpen, Start = thought.Start, End = thought.End, EndTokens = [.. end] }
        : null;
}
