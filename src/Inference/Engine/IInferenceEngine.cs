using System.Collections.Immutable;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// The engine's face. Everything native, the tokenizer included, sits behind it; every value that crosses it is immutable
/// and could cross a process boundary. All members may be called from any thread and never wait for a step.
/// </summary>
public interface IInferenceEngine
{
    /// <summary>What the engine is doing now; anything but <see cref="EngineState.Ready"/> refuses work.</summary>
    EngineState State { get; }

    /// <summary>Why the engine is <see cref="EngineState.Failed"/> or <see cref="EngineState.Recovering"/>, in one line for an operator; null otherwise.</summary>
    string? Failure { get; }

    /// <summary>A snapshot of counts at the end of the last step.</summary>
    EngineStats Stats { get; }

    /// <summary>
    /// The KV memory as it is between two steps: who holds how many cells, and what is cached. Takes until the end of the present step. Empty
    /// unless <see cref="EngineState.Ready"/>.
    /// </summary>
    ValueTask<ImmutableArray<KvSpan>> MapCacheAsync();

    /// <summary>A report of every step since <see cref="EngineState.Ready"/>, to be read by one reader (<see cref="StepReader"/>).</summary>
    StepReportQueue StepReports { get; }

    /// <summary>Tokens to ask for the text between two others; null if the model was not trained for it, or before <see cref="EngineState.Ready"/>.</summary>
    InfillTokens? Infill { get; }

    /// <summary>
    /// The control tokens by name; true: it ends a generation. A grammar names the others (<see cref="Grammar.GrammarPart.ControlToken"/>).
    /// Empty before <see cref="EngineState.Ready"/>.
    /// </summary>
    IReadOnlyDictionary<string, bool> ControlTokens { get; }

    /// <summary>
    /// Turns prompt text into token ids on a tokenizer thread. Control tokens come only from segments that the template
    /// wrote (see <see cref="PromptText"/>). Throws <see cref="EngineUnavailableException"/> unless <see cref="EngineState.Ready"/>.
    /// </summary>
    ValueTask<ReadOnlyMemory<int>> EncodeAsync(PromptText prompt, CancellationToken cancellationToken);

    /// <summary>What tokens stand for, in order. Ids outside the vocabulary throw; so does an engine that is not <see cref="EngineState.Ready"/> (<see cref="EngineUnavailableException"/>).</summary>
    ImmutableArray<TokenPiece> GetPieces(ReadOnlyMemory<int> tokens);

    /// <summary>
    /// Turns whole texts into vectors by the embedding model, which the first call loads. Whatever becomes of it is a value, but it
    /// throws <see cref="EngineUnavailableException"/> unless <see cref="EngineState.Ready"/>.
    /// </summary>
    ValueTask<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Hands a request to the engine thread. The stream then yields exactly one <see cref="GenerationEventKind.Finished"/>
    /// event, whatever happens, unless the reader leaves first.
    /// </summary>
    SubmitResult Submit(GenerationRequest request);

    /// <summary>
    /// Ends a request between two steps; its stream finishes with <see cref="FinishReason.Aborted"/>. Never refused;
    /// unknown and finished ids are ignored.
    /// </summary>
    void Abort(long requestId);
}
