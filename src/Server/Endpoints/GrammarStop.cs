using InferenceServer.Inference.Grammar;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>
/// Checks grammars before anything is submitted under them: a fault in one is the client's and has to be told before the first byte.
/// What is right is compiled here, on the request's thread, and found by the engine. Any thread.
/// </summary>
internal sealed class GrammarStop(GrammarCache cache, ILogger<GrammarStop> logger)
{
    /// <summary>Why a grammar cannot be used; null if it can.</summary>
    /// <param name="grammar">A whole grammar.</param>
    /// <param name="parts">The client's own grammars in it.</param>
    public RequestError? Check(GrammarSource grammar, params ReadOnlySpan<GrammarPart.Embedded> parts)
    {
        var check = cache.Check(grammar);
        foreach (var warning in check.Warnings)
        {
            logger.SchemaWeakened(warning);
        }

        if (check.Error is null)
        {
            return null;
        }

        foreach (var part in parts)
        {
            if (CheckAlone(part) is { } error)
            {
                return error;
            }
        }

        // Each is fine alone: together they are too much.
        return RequestError.BadGrammar(parts[0].Name, check.Error);
    }

    /// <summary>Why one grammar of a client's cannot be used; null if it can.</summary>
    public RequestError? CheckAlone(GrammarPart.Embedded part) => cache.Check(part.Source).Error is { } error ? RequestError.BadGrammar(part.Name, error) : null;

    /// <summary>Says that a tool's arguments will be any object: its schema was not meant to be enforced, and cannot be.</summary>
    public void Ignore(RequestedTool tool, RequestError error) => logger.SchemaIgnored(tool.Name, error.Message);
}
