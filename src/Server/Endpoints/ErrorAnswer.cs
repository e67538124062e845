using InferenceServer.Server.Anthropic;
using InferenceServer.Server.Ollama;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>Writes errors in the shape of the request's dialect, with the headers that tell clients whether to try again.</summary>
internal static class ErrorAnswer
{
    /// <summary>The error's body in OpenAI's shape.</summary>
    public static ErrorBody ToBody(RequestError error) => new()
    {
        Error = new ErrorDetail
        {
            Message = error.Message,
            Type = error.Type,
            Param = error.Param,
            Code = error.Code,
            NPromptTokens = error.NumPromptTokens,
            NCtx = error.ContextLength,
        },
    };

    /// <summary>Answers with an error. Nothing may have been sent yet.</summary>
    public static Task WriteErrorAsync(this HttpContext context, RequestError error)
    {
        var headers = context.Response.Headers;
        context.Features.Set(error); // to be counted
        if (error.RetryAfterSeconds is { } seconds)
        {
            headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (error.IsFinal || (error.Status >= 500 && error.RetryAfterSeconds is null))
        {
            // SDKs try a 429 and a 5xx again by themselves; this one would fail again.
            headers["x-should-retry"] = "false";
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = "Bearer";
        }

        return ApiDialects.Of(context.Request) switch
        {
            ApiDialect.Anthropic => context.WriteJsonAsync(
                MessagesErrors.StatusOf(error),
                new MessagesErrorBody { Error = MessagesErrors.ToDetail(error), RequestId = context.TraceIdentifier },
                AnthropicJson.Wire.MessagesErrorBody),
            ApiDialect.Ollama => context.WriteJsonAsync(error.Status, new OllamaErrorBody(error.PlacedMessage), OllamaJson.Wire.OllamaErrorBody),
            _ => context.WriteJsonAsync(error.Status, ToBody(error), OpenAiJson.Wire.ErrorBody),
        };
    }
}
