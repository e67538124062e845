using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary><c>POST /tokenize</c> and <c>POST /detokenize</c> of the chat model, in the dialects of llama.cpp's server and vLLM.</summary>
internal static class Tokenization
{
    /// <summary>Maps both.</summary>
    public static void MapTokenization(this IEndpointRouteBuilder routes)
    {
        routes.MapAliased("/tokenize", "/v1/tokenize", HttpMethods.Post, context => RunAsync(context, TokenizeAsync))
            .WithName("tokenize").WithTags("Tokens")
            .WithSummary("Splits a text or a rendered conversation into the chat model's tokens.")
            .WithBody<TokenizeRequest>()
            .Produces<TokenizeResponse>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 503);
        routes.MapAliased("/detokenize", "/v1/detokenize", HttpMethods.Post, context => RunAsync(context, DetokenizeAsync))
            .WithName("detokenize").WithTags("Tokens")
            .WithSummary("Joins tokens of the chat model to text; control tokens become their names.")
            .WithBody<DetokenizeRequest>()
            .Produces<DetokenizeResponse>()
            .WithErrors(400, 401, 403, 404, 413, 415, 429, 503);
    }

    private static Task RunAsync(HttpContext context, Func<HttpContext, JsonElement, Task<RequestError?>> answer)
    {
        var pipeline = context.RequestServices.GetRequiredService<ChatPipeline>();
        return JsonRequest.RunAsync(context, pipeline.TryEnter, async (body, _) =>
        {
            try
            {
                return await answer(context, body);
            }
            catch (EngineUnavailableException)
            {
                return pipeline.WhyUnavailable() ?? RequestError.Loading();
            }
        });
    }

    private static async Task<RequestError?> TokenizeAsync(HttpContext context, JsonElement body)
    {
        var services = context.RequestServices;
        var model = services.GetRequiredService<ServedModel>();
        var engine = services.GetRequiredService<IInferenceEngine>();
        if (!TokenizeRequestValidator.Validate(body, model.Metadata.VocabularySize).TryGet(out var request, out var error))
        {
            return error;
        }

        if (CheckName(model, request.Model) is { } unknown)
        {
            return unknown;
        }

        var text = request.Text;
        if (request.Chat is not null && !services.GetRequiredService<ChatPipeline>().Render(request.Chat).TryGet(out text, out error))
        {
            return error;
        }

        var tokens = await engine.EncodeAsync(text!, context.RequestAborted);
        if (request.WithPieces)
        {
            await context.WriteJsonAsync(StatusCodes.Status200OK, ToPieces(engine.GetPieces(tokens), model), OpenAiJson.Wire.TokenizePiecesResponse);
            return null;
        }

        var response = new TokenizeResponse
        {
            Tokens = tokens.ToArray(),
            Count = tokens.Length,
            MaxModelLen = model.ContextLength,
            TokenStrs = request.ReturnTexts
                ? [.. engine.GetPieces(tokens).Select(piece => Encoding.UTF8.GetString(piece.Bytes.Span))]
                : null,
        };
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, OpenAiJson.Wire.TokenizeResponse);
        return null;
    }

    private static async Task<RequestError?> DetokenizeAsync(HttpContext context, JsonElement body)
    {
        const string Name = "tokens";
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        var name = fields.Text("model");
        if (fields.Any(Name) is null)
        {
            errors.Add(RequestError.Missing(Name));
        }

        var tokens = fields.Array(Name) is { } array ? TokenIdFields.Read(array, Name, model.Metadata.VocabularySize, "", errors) : null;
        if (!errors.IsEmpty)
        {
            return errors.Merge();
        }

        if (CheckName(model, name) is { } unknown)
        {
            return unknown;
        }

        var pieces = context.RequestServices.GetRequiredService<IInferenceEngine>().GetPieces(tokens);

        // Joined first: a character may be split over tokens.
        var text = Encoding.UTF8.GetString(pieces.SelectMany(piece => piece.Bytes.ToArray()).ToArray());
        await context.WriteJsonAsync(StatusCodes.Status200OK, new DetokenizeResponse(text, text), OpenAiJson.Wire.DetokenizeResponse);
        return null;
    }

    private static RequestError? CheckName(ServedModel model, string? name) =>
        model.IsStrict && name is not null && !model.IsNamed(name) ? RequestError.UnknownModel(name) : null;

    private static TokenizePiecesResponse ToPieces(ImmutableArray<TokenPiece> pieces, ServedModel model) => new()
    {
        Tokens = [.. pieces.Select(piece => new TokenWithPiece(piece.TokenId, new PieceText(piece.Bytes)))],
        Count = pieces.Length,
        MaxModelLen = model.ContextLength,
    };
}
