namespace InferenceServer.Server.Anthropic;

/// <summary>Body of every failed request to Anthropic's endpoints.</summary>
internal sealed record MessagesErrorBody
{
    public string Type { get; init; } = "error";

    /// <summary>What went wrong.</summary>
    public required MessagesErrorDetail Error { get; init; }

    /// <summary>The request's id, as in the header <c>request-id</c>.</summary>
    public required string RequestId { get; init; }
}

/// <summary>What went wrong, in Anthropic's words.</summary>
/// <param name="Type">Kind of error, for example <c>invalid_request_error</c>.</param>
/// <param name="Message">For people; agents look for some of the wordings, too.</param>
internal sealed record MessagesErrorDetail(string Type, string Message);
