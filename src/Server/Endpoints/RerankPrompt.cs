using System.Collections.Immutable;
using InferenceServer.Inference.Models;

namespace InferenceServer.Server.Endpoints;

/// <summary>A reranker's prompt, for models whose file brings a template for it.</summary>
internal static class RerankPrompt
{
    private const string QueryPlace = "{query}";
    private const string DocumentPlace = "{document}";

    /// <summary>Puts both texts in. What the client wrote is text, whatever it looks like: neither a place to fill nor a control token.</summary>
    /// <param name="template">With <c>{query}</c> and <c>{document}</c> in it, each any number of times.</param>
    /// <param name="query">The client's.</param>
    /// <param name="document">The client's.</param>
    public static PromptText Render(string template, string query, string document)
    {
        var segments = ImmutableArray.CreateBuilder<PromptSegment>();
        var rest = template.AsSpan();
        while (true)
        {
            var atQuery = rest.IndexOf(QueryPlace, StringComparison.Ordinal);
            var atDocument = rest.IndexOf(DocumentPlace, StringComparison.Ordinal);
            if (atQuery < 0 && atDocument < 0)
            {
                Add(segments, rest.ToString(), fromTemplate: true);
                return new PromptText(segments.ToImmutable());
            }

            var isQuery = atDocument < 0 || (atQuery >= 0 && atQuery < atDocument);
            var at = isQuery ? atQuery : atDocument;
            Add(segments, rest[..at].ToString(), fromTemplate: true);
            Add(segments, isQuery ? query : document, fromTemplate: false);
            rest = rest[(at + (isQuery ? QueryPlace : DocumentPlace).Length)..];
        }
    }

    // Neighbours of one author become one segment.
    private static void Add(ImmutableArray<PromptSegment>.Builder segments, string text, bool fromTemplate)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (segments.Count > 0 && segments[^1].FromTemplate == fromTemplate)
        {
            segments[^1] = new PromptSegment(segments[^1].Text + text, fromTemplate);
        }
        else
        {
            segments.Add(new PromptSegment(text, fromTemplate));
        }
    }
}
