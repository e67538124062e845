namespace InferenceServer.Server.Hosting;

/// <summary>Everything the server writes to the log; events 3000 to 3999.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(3000, LogLevel.Information, "{Method} {Path} {Status} {Milliseconds} ms {RequestId}")]
    public static partial void RequestDone(this ILogger logger, string method, string path, int status, long milliseconds, string requestId);

    [LoggerMessage(3001, LogLevel.Information, "{Method} {Path} {Status} {Milliseconds} ms {RequestId} {ChatId} prompt {PromptTokens} (cached {CachedTokens}) output {OutputTokens} {FinishReason}, queue {QueueMs} ms, first token {FirstTokenMs} ms, {TokensPerSecond:F1} tok/s")]
    public static partial void ChatDone(
        this ILogger logger,
        string method,
        string path,
        int status,
        long milliseconds,
        string requestId,
        string chatId,
        int promptTokens,
        int cachedTokens,
        int outputTokens,
        string finishReason,
        long? queueMs,
        long? firstTokenMs,
        double? tokensPerSecond);

    [LoggerMessage(3008, LogLevel.Information, "{Method} {Path} {Status} {Milliseconds} ms {RequestId} input {PromptTokens}")]
    public static partial void EmbeddingDone(this ILogger logger, string method, string path, int status, long milliseconds, string requestId, int promptTokens);

    [LoggerMessage(3002, LogLevel.Debug, "{Method} {Path} {Status} {Milliseconds} ms")]
    public static partial void ProbeDone(this ILogger logger, string method, string path, int status, long milliseconds);

    [LoggerMessage(3003, LogLevel.Error, "{Method} {Path} failed in a way nobody foresaw")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(3004, LogLevel.Information, "Left out tools that only Anthropic can run: {Tools} {RequestId}")]
    public static partial void ToolsSkipped(this ILogger logger, string tools, string requestId);

    [LoggerMessage(3005, LogLevel.Information, "Prompt: {Prompt}")] // only if asked for
    public static partial void PromptSeen(this ILogger logger, string prompt);

    [LoggerMessage(3006, LogLevel.Warning, "Waiting: {Reason}")]
    public static partial void Waiting(this ILogger logger, string reason);

    [LoggerMessage(3007, LogLevel.Information, "This machine may go to sleep by itself: {Reason}")]
    public static partial void MaySleep(this ILogger logger, string reason);

    [LoggerMessage(3010, LogLevel.Warning, "The API key was given on the command line, where other users of this machine can see it; prefer --api-key-file")]
    public static partial void KeyIsVisible(this ILogger logger);

    [LoggerMessage(3011, LogLevel.Warning, "Listening on {Host} without an API key: anyone on the network can use this machine")]
    public static partial void OpenToNetwork(this ILogger logger, string host);

    [LoggerMessage(3012, LogLevel.Information, "A schema that is not strict is enforced in part: {What}")]
    public static partial void SchemaWeakened(this ILogger logger, string what);

    [LoggerMessage(3013, LogLevel.Information, "The schema of the tool {Name} is not strict and is not enforced: {Reason}")]
    public static partial void SchemaIgnored(this ILogger logger, string name, string reason);

    [LoggerMessage(3014, LogLevel.Warning, "What clients use of their quotas cannot be kept in {Path}: {Reason}. The server goes on, and tries again")]
    public static partial void UsageNotKept(this ILogger logger, string path, string reason);

    [LoggerMessage(3015, LogLevel.Warning, "The certificate expires on {End:u}; SIGHUP reads it again when it was renewed")]
    public static partial void CertificateExpires(this ILogger logger, DateTimeOffset end);

    [LoggerMessage(3020, LogLevel.Information, "Loading {Path}: {Percent} %")]
    public static partial void LoadProgress(this ILogger logger, string path, int percent);

    [LoggerMessage(3021, LogLevel.Information, "{Model} is ready after {Seconds:F1} s")]
    public static partial void ModelReady(this ILogger logger, string model, double seconds);

    [LoggerMessage(3030, LogLevel.Information, "Stopping: {NumRequests} requests may finish for up to {Seconds} s; a second signal stops at once")]
    public static partial void Draining(this ILogger logger, int numRequests, double seconds);

    [LoggerMessage(3031, LogLevel.Warning, "Stopping: {NumRequests} requests are cut off")]
    public static partial void DrainCutShort(this ILogger logger, int numRequests);

    [LoggerMessage(3032, LogLevel.Information, "Settings were read again")]
    public static partial void Reloaded(this ILogger logger);

    [LoggerMessage(3033, LogLevel.Error, "Settings were read again, but nothing was taken over: {Errors}")]
    public static partial void NotReloaded(this ILogger logger, string errors);

    [LoggerMessage(3022, LogLevel.Critical, "{Reason}")]
    public static partial void EngineFailed(this ILogger logger, string reason);

    [LoggerMessage(3040, LogLevel.Warning, "Responses cannot be kept in {Path}: {Reason}. The server goes on without, and tries again")]
    public static partial void StoreUnavailable(this ILogger logger, string path, string reason);

    [LoggerMessage(3041, LogLevel.Information, "Responses are kept in {Path} again")]
    public static partial void StoreRecovered(this ILogger logger, string path);

    [LoggerMessage(3042, LogLevel.Warning, "{Path} is damaged ({Reason}): put aside as {Aside}, and a new one begun")]
    public static partial void StoreDamaged(this ILogger logger, string path, string reason, string aside);

    [LoggerMessage(3043, LogLevel.Warning, "{Count} background responses were being generated when the server last ended; they are marked as failed")]
    public static partial void ResponsesInterrupted(this ILogger logger, int count);

    [LoggerMessage(3044, LogLevel.Information, "Background {ResponseId} {Status} {Milliseconds} ms prompt {PromptTokens} (cached {CachedTokens}) output {OutputTokens} {FinishReason}")]
    public static partial void BackgroundDone(
        this ILogger logger, string responseId, string status, long milliseconds, int promptTokens, int cachedTokens, int outputTokens, string finishReason);

    [LoggerMessage(3045, LogLevel.Information, "Left out tools that only OpenAI's servers can run: {Tools} {RequestId}")]
    public static partial void HostedToolsSkipped(this ILogger logger, string tools, string requestId);
}
