using InferenceServer.Inference.Grammar;

namespace InferenceServer.Server.Validation;

/// <summary>
/// Why a request is refused: everything an error answer needs, in OpenAI's words. Other dialects map it to their own. Values
/// come from the factories only, so that a status and its words stay together.
/// </summary>
internal sealed record RequestError
{
    private const string InvalidRequest = "invalid_request_error";

    private RequestError(int status, string type, string message, string? param, string? code)
    {
        Reason = code ?? type;
        Status = status;
        Type = type;
        Message = message;
        Param = param;
        Code = code;
    }

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    /// <summary>Kind of error.</summary>
    public string Type { get; }

    /// <summary>For people.</summary>
    public string Message { get; init; }

    /// <summary>The same for dialects whose errors do not name the field elsewhere.</summary>
    public string PlacedMessage =>
        Status != 400 || Param is null || ContextLength is not null || Message.Contains(Param, StringComparison.Ordinal) ? Message : $"{Param}: {Message}";

    /// <summary>Dotted path of the field at fault; null if none is.</summary>
    public string? Param { get; }

    /// <summary>Word for programs; null if there is none.</summary>
    public string? Code { get; }

    /// <summary>Word for the operator's metrics: the code, else the type, except where clients know several reasons by one code.</summary>
    public string Reason { get; private init; }

    /// <summary>Seconds after which to try again; null when that would not help.</summary>
    public int? RetryAfterSeconds { get; private init; }

    /// <summary>True: clients that try again by themselves had better not.</summary>
    public bool IsFinal { get; private init; }

    /// <summary>With context_length_exceeded: tokens of the prompt.</summary>
    public int? NumPromptTokens { get; private init; }

    /// <summary>With context_length_exceeded: tokens that fit.</summary>
    public int? ContextLength { get; private init; }

    /// <summary>A body that cannot be read at all.</summary>
    public static RequestError BadBody(string message) => new(400, InvalidRequest, message, null, null);

    /// <summary>A field that must be there is not.</summary>
    public static RequestError Missing(string param) =>
        new(400, InvalidRequest, $"Missing required parameter: '{param}'.", param, "missing_required_parameter");

    /// <summary>A field of the wrong JSON type.</summary>
    public static RequestError WrongType(string param, string expected, string actual) =>
        new(400, InvalidRequest, $"Invalid type for '{param}': expected {expected}, but got {actual} instead.", param, "invalid_type");

    /// <summary>A field whose value is not one of those that mean something, or out of range.</summary>
    public static RequestError BadValue(string param, string message, string code = "invalid_value") => new(400, InvalidRequest, message, param, code);

    /// <summary>A value that means something, but not to this server.</summary>
    public static RequestError UnsupportedValue(string param, string message) => new(400, InvalidRequest, message, param, "unsupported_value");

    /// <summary>A field that this server does not know how to honour and will not ignore.</summary>
    public static RequestError UnsupportedParameter(string param) =>
        new(400, InvalidRequest, $"Unsupported parameter: '{param}' is not supported by this server.", param, "unsupported_parameter");

    /// <summary>The prompt leaves no room for an answer.</summary>
    /// <param name="param">The field that holds the prompt.</param>
    /// <param name="contextLength">Tokens that fit.</param>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    public static RequestError ContextExceeded(string param, int contextLength, int promptTokens) =>
        new(
            400,
            InvalidRequest,
            $"This model's maximum context length is {contextLength} tokens. However, your {param} resulted in {promptTokens} tokens. Please reduce the length of the {param}.",
            param,
            "context_length_exceeded")
        { NumPromptTokens = promptTokens, ContextLength = contextLength };

    /// <summary>One text is longer than the embedding model takes.</summary>
    /// <param name="param">The field that holds the texts.</param>
    /// <param name="place">The text's place in the body.</param>
    /// <param name="limit">Tokens that fit.</param>
    /// <param name="tokens">Tokens of the text.</param>
    public static RequestError InputTooLong(string param, string place, int limit, int tokens) =>
        new(
            400,
            InvalidRequest,
            $"This model's maximum context length is {limit} tokens. However, '{place}' has {tokens} tokens. Please reduce the length of the input.",
            param,
            "context_length_exceeded")
        { NumPromptTokens = tokens, ContextLength = limit };

    /// <summary>A schema, pattern or grammar that is none, or that cannot be enforced.</summary>
    /// <param name="param">Its place in the request.</param>
    /// <param name="error">What is wrong with it, and where in it.</param>
    public static RequestError BadGrammar(string param, GrammarError error) =>
        new(400, InvalidRequest, $"Invalid '{param}': {error}", param, "invalid_json_schema");

    /// <summary>The chat template refused the conversation.</summary>
    public static RequestError TemplateRefused(string param, string message) => new(400, InvalidRequest, message, param, "invalid_value");

    /// <summary>The response to go on from is not there any more, or never was: clients know the code and send the whole conversation instead.</summary>
    public static RequestError PreviousResponseNotFound(string id) => new(
        400, InvalidRequest, $"Previous response with id '{JsonFields.Short(id)}' not found.", "previous_response_id", "previous_response_not_found");

    /// <summary>No stored response of that id.</summary>
    public static RequestError ResponseNotFound(string id) => new(404, InvalidRequest, $"Response with id '{JsonFields.Short(id)}' not found.", null, null);

    /// <summary>Responses cannot be stored or read now.</summary>
    public static RequestError StoreUnavailable() => new(503, "server_error", "Stored responses are not available now; see the server's log.", null, null);

    /// <summary>No key, or one that is not known.</summary>
    public static RequestError Unauthorized(string message) => new(401, InvalidRequest, message, null, "invalid_api_key");

    /// <summary>A request that a web page of a stranger may have caused.</summary>
    public static RequestError Forbidden(string message) => new(403, "permission_error", message, null, null);

    /// <summary>No model of that name.</summary>
    public static RequestError UnknownModel(string model) =>
        new(404, InvalidRequest, $"The model '{JsonFields.Short(model)}' does not exist or you do not have access to it.", "model", "model_not_found");

    /// <summary>No such route.</summary>
    public static RequestError UnknownUrl(string method, string path) => new(404, InvalidRequest, $"Invalid URL ({method} {path})", null, "unknown_url");

    /// <summary>The route exists for other methods.</summary>
    public static RequestError WrongMethod(string method, string path) =>
        new(405, InvalidRequest, $"Not allowed to {method} on {path}.", null, "method_not_supported");

    /// <summary>The body is larger than allowed.</summary>
    /// <param name="limit">Bytes allowed.</param>
    public static RequestError TooLarge(long limit) =>
        new(413, InvalidRequest, $"The request body is larger than {limit} bytes.", null, "request_too_large");

    /// <summary>The body is compressed.</summary>
    public static RequestError Encoded(string encoding) =>
        new(415, InvalidRequest, $"Request bodies with Content-Encoding '{encoding}' are not supported.", null, null);

    /// <summary>As many requests as may be are under way.</summary>
    public static RequestError Busy() =>
        new(429, "rate_limit_error", "The server is busy: too many requests are waiting. Please try again later.", null, "rate_limit_exceeded")
        {
            Reason = "server_full",
            RetryAfterSeconds = 1,
        };

    /// <summary>The client has used up what it may have in a minute.</summary>
    /// <param name="what"><c>requests</c> or <c>tokens</c>.</param>
    /// <param name="limit">Of them, in a minute.</param>
    /// <param name="wait">Until there is some again.</param>
    public static RequestError RateLimited(string what, long limit, TimeSpan wait)
    {
        var seconds = Seconds(wait);
        return new(429, what, $"Rate limit reached on {what} per minute: Limit {limit}. Please try again in {seconds}s.", null, "rate_limit_exceeded")
        {
            Reason = $"client_{what}",
            RetryAfterSeconds = seconds,
        };
    }

    /// <summary>The client has as many answers under way as it may.</summary>
    public static RequestError TooManyAtOnce(int limit) =>
        new(429, "requests", $"Rate limit reached on answers at once: Limit {limit}. Please try again when one is done.", null, "rate_limit_exceeded")
        {
            Reason = "client_concurrency",
            RetryAfterSeconds = 1,
        };

    /// <summary>The client has used up its day's tokens.</summary>
    /// <param name="limit">Tokens a day.</param>
    /// <param name="wait">Until the next day.</param>
    public static RequestError QuotaUsedUp(long limit, TimeSpan wait) =>
        new(429, "insufficient_quota", $"You exceeded your current quota of {limit} tokens per day. It begins anew at 00:00 UTC.", null, "insufficient_quota")
        {
            RetryAfterSeconds = Seconds(wait),
            IsFinal = true,
        };

    /// <summary>The operator set a limit to how long this may take.</summary>
    public static RequestError TimedOut(string message) => new(504, "timeout_error", message, null, "timeout") { IsFinal = true };

    /// <summary>The model is being loaded.</summary>
    public static RequestError Loading() => new(503, "unavailable_error", "Loading model", null, null) { Reason = "loading", RetryAfterSeconds = 2 };

    /// <summary>The server is going down.</summary>
    public static RequestError Stopping() => new(503, "unavailable_error", "The server is shutting down.", null, null) { Reason = "draining", RetryAfterSeconds = 10 };

    /// <summary>The engine crashed again and again; it is tried again with long pauses.</summary>
    /// <param name="reason">What is known of it; null if nothing is.</param>
    public static RequestError Recovering(string? reason) =>
        new(503, "unavailable_error", $"The inference engine is being restarted. {reason ?? "See the server's log."}", null, null) { Reason = "recovering", RetryAfterSeconds = 15 };

    /// <summary>What is asked crashed the engine several times.</summary>
    /// <param name="param">The field that holds the prompt.</param>
    public static RequestError Refused(string param) =>
        new(400, InvalidRequest, "This request made the inference engine crash several times and is not tried again for some minutes.", param, "request_refused") { IsFinal = true };

    /// <summary>The engine has failed and will not come back by itself.</summary>
    public static RequestError EngineFailed() => new(503, "server_error", "The inference engine has failed; see the server's log.", null, null);

    /// <summary>There is no embedding model, or it does not work.</summary>
    /// <param name="reason">Which, in a sentence.</param>
    public static RequestError NoEmbeddings(string reason) => new(503, "server_error", reason, null, null);

    /// <summary>The device failed under this request.</summary>
    public static RequestError GenerationFailed() => new(500, "server_error", "The server had an error while processing your request.", null, null);

    private static int Seconds(TimeSpan wait) => Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));

    /// <summary>A status that the web server itself chose.</summary>
    public static RequestError Http(int status, string message) =>
        new(status, status >= 500 ? "server_error" : InvalidRequest, message, null, null);
}
