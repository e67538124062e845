namespace InferenceServer.Server.Responses;

/// <summary>A response as it is kept.</summary>
internal sealed record StoredResponse
{
    public required string Id { get; init; }

    /// <summary>The response that it goes on from; null if it begins a conversation.</summary>
    public required string? PreviousId { get; init; }

    /// <inheritdoc cref="ResponseStatus"/>
    public required string Status { get; init; }

    /// <summary>It outlives its client.</summary>
    public required bool Background { get; init; }

    /// <summary>Its own input items: a JSON array, UTF-8.</summary>
    public required byte[] Input { get; init; }

    /// <summary>The response as clients get it: JSON, UTF-8.</summary>
    public required byte[] Body { get; init; }

    /// <summary>Ids of its output items, by which clients may refer to them.</summary>
    public IReadOnlyList<string> ItemIds { get; init; } = [];
}

/// <summary>What became of a question to the store.</summary>
internal enum StoreStatus
{
    /// <summary>It is done, or found.</summary>
    Ok,

    /// <summary>There is no such response or item.</summary>
    NotFound,

    /// <summary>The database cannot be read or written now; the log says why.</summary>
    Unavailable,
}

/// <summary>What the store answers.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Value">Only with <see cref="StoreStatus.Ok"/>; null where there is nothing to say.</param>
/// <param name="MissingId">Only with <see cref="StoreStatus.NotFound"/>: what there is not.</param>
internal readonly record struct StoreReply<T>(StoreStatus Status, T? Value = default, string? MissingId = null);
