using System.Text.Json;
using InferenceServer.Inference.Models;

namespace InferenceServer.Server.Validation;

/// <summary>From the body of a tokenize request, llama.cpp's or vLLM's, to a valid one, or to all that is wrong with it.</summary>
internal static class TokenizeRequestValidator
{
    /// <summary>Checks the fields of the dialect that the body is in.</summary>
    /// <param name="body">The body, an object. The result lives no longer than its document.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static Checked<ValidTokenizeRequest> Validate(JsonElement body, int vocabularySize)
    {
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        if (fields.Any("messages") is not null)
        {
            return FromMessages(fields, vocabularySize);
        }

        var isPrompt = fields.Any("prompt") is not null;
        if (!isPrompt && fields.Any("content") is null)
        {
            errors.Add(RequestError.Missing(fields.PathOf("content")));
        }

        var text = fields.Text(isPrompt ? "prompt" : "content") ?? "";
        var addSpecial = fields.Flag("add_special");
        var parseSpecial = fields.Flag("parse_special");
        var withPieces = fields.Flag("with_pieces");
        var addSpecialTokens = fields.Flag("add_special_tokens");
        var returnTexts = fields.Flag("return_token_strs");
        var isParsed = isPrompt || parseSpecial != false;
        var request = new ValidTokenizeRequest
        {
            Model = fields.Text("model"),
            Text = new PromptText(text.Length == 0 ? [] : [new PromptSegment(text, FromTemplate: isParsed)])
            {
                AddsSpecial = isPrompt ? addSpecialTokens ?? true : addSpecial ?? false,
            },
            WithPieces = !isPrompt && withPieces == true,
            ReturnTexts = returnTexts ?? false,
        };
        return errors.IsEmpty ? request : errors.Merge();
    }

    private static Checked<ValidTokenizeRequest> FromMessages(JsonFields fields, int vocabularySize)
    {
        fields.Flag("add_special_tokens");
        var returnTexts = fields.Flag("return_token_strs") ?? false;
        if (!ChatRequestValidator.Validate(fields.Source, vocabularySize).TryGet(out var chat, out var error))
        {
            return error;
        }

        return fields.Errors.IsEmpty
            ? new ValidTokenizeRequest { Model = chat.Model, Chat = chat, ReturnTexts = returnTexts }
            : fields.Errors.Merge();
    }
}
