using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace InferenceServer.Server.OpenAi;

/// <summary>
/// The fields of <c>POST /v1/rerank</c> that this server reads, in the words of Jina and Cohere (<c>documents</c>) and of TEI
/// (<c>texts</c>); others are ignored. The contract that the API description shows; see RerankRequestValidator.
/// </summary>
internal sealed record RerankRequest
{
    /// <summary>What is looked for.</summary>
    [MinLength(1)]
    public required string Query { get; init; }

    /// <summary>What to rank: up to 2048 texts. Decides for Jina's and Cohere's form of the answer.</summary>
    [Description("An array of strings or of objects with a text.")]
    public IReadOnlyList<JsonElement>? Documents { get; init; }

    /// <summary>The same under TEI's name. Decides for TEI's form of the answer.</summary>
    public IReadOnlyList<string>? Texts { get; init; }

    /// <summary>Id of the reranker. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>Results to answer with, the best first; null or 0: all.</summary>
    [Range(0, int.MaxValue)]
    public int? TopN { get; init; }

    /// <summary>Answer with the documents, too.</summary>
    public bool? ReturnDocuments { get; init; }

    /// <summary>The same under TEI's name.</summary>
    public bool? ReturnText { get; init; }

    /// <summary>Scores as the model gives them instead of their sigmoid.</summary>
    public bool? RawScores { get; init; }

    /// <summary>Cut documents that are too long instead of refusing the request.</summary>
    public bool? Truncate { get; init; }
}
