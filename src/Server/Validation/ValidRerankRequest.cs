using System.Collections.Immutable;

namespace InferenceServer.Server.Validation;

/// <summary>A rerank request in which only lengths in tokens need to be checked still.</summary>
internal sealed record ValidRerankRequest
{
    /// <summary>The name the client gave; null if none.</summary>
    public string? Model { get; init; }

    /// <summary>Not empty.</summary>
    public required string Query { get; init; }

    /// <summary>At least one; each may be empty.</summary>
    public required ImmutableArray<string> Documents { get; init; }

    /// <summary>True: asked and to be answered in TEI's words.</summary>
    public required bool IsTei { get; init; }

    /// <summary>Results to answer with; null for all.</summary>
    public int? TopN { get; init; }

    /// <summary>Answer with the texts, too.</summary>
    public bool ReturnText { get; init; }

    /// <summary>Scores as the model gives them.</summary>
    public bool RawScores { get; init; }

    /// <summary>Cut what is too long.</summary>
    public bool Truncate { get; init; }

    /// <summary>The field that holds the documents.</summary>
    public string DocumentsField => IsTei ? "texts" : "documents";
}
