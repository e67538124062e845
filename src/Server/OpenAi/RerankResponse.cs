using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>Answer of <c>POST /v1/rerank</c> in the words of Jina and Cohere.</summary>
internal sealed record RerankResponse
{
    /// <summary>Id of the reranker.</summary>
    public required string Model { get; init; }

    public string Object { get; init; } = "list";

    public required InputUsage Usage { get; init; }

    /// <summary>The best first.</summary>
    public required IReadOnlyList<RankedDocument> Results { get; init; }
}

/// <summary>One document's place.</summary>
internal sealed record RankedDocument
{
    /// <summary>Place of the document in the request.</summary>
    public required int Index { get; init; }

    /// <summary>Higher is better; 0 to 1 unless raw scores were asked for.</summary>
    public required float RelevanceScore { get; init; }

    /// <summary>The document, if it was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DocumentText? Document { get; init; }
}

/// <summary>A document's text.</summary>
internal sealed record DocumentText(string Text);

/// <summary>One text's place in TEI's words; the answer is an array of these.</summary>
internal sealed record RankedText
{
    /// <summary>Place of the text in the request.</summary>
    public required int Index { get; init; }

    /// <summary>Higher is better; 0 to 1 unless raw scores were asked for.</summary>
    public required float Score { get; init; }

    /// <summary>The text, if it was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }
}
