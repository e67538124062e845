using System.Net.Http.Headers;

namespace InferenceServer.Server.Downloads;

/// <summary>A server answered that it cannot now; it may later.</summary>
/// <param name="message">The answer, to stand in a sentence.</param>
/// <param name="retryAfter">When to ask again; null if it did not say.</param>
internal sealed class ServerFailureException(string message, RetryConditionHeaderValue? retryAfter) : HttpRequestException(message)
{
    /// <summary>When to ask again; null if the server did not say.</summary>
    public RetryConditionHeaderValue? RetryAfter { get; } = retryAfter;
}
