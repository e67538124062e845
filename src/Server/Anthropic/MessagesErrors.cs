using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>Errors in Anthropic's statuses and words.</summary>
internal static class MessagesErrors
{
    // Anthropic's own: too much to do, try again.
    private const int Overloaded = 529;

    /// <summary>The status: Anthropic has 529 for what passes by itself, and 500 for what does not.</summary>
    public static int StatusOf(RequestError error) =>
        error.Status != StatusCodes.Status503ServiceUnavailable ? error.Status
        : error.RetryAfterSeconds is null ? StatusCodes.Status500InternalServerError
        : Overloaded;

    /// <summary>Kind and words.</summary>
    public static MessagesErrorDetail ToDetail(RequestError error) => new(TypeOf(StatusOf(error)), MessageOf(error));

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status504GatewayTimeout => "timeout_error",
        Overloaded => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    // Word for word: agents look for it to know that they have to shorten the conversation.
    private static string MessageOf(RequestError error) => error is { NumPromptTokens: { } tokens, ContextLength: { } limit }
        ? $"prompt is too long: {tokens} tokens > {limit} maximum"
        : error.PlacedMessage;
}
