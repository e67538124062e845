using System.Collections.Immutable;
using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>The <c>prompt</c> of a completion request in its four forms: a text, texts, tokens, lists of tokens.</summary>
internal static class PromptFields
{
    private const string Name = "prompt";
    private const string Expected = "a string, an array of strings, an array of token ids, or an array of arrays of token ids";

    /// <summary>The prompts, in order; one empty text if there is no field, none if something was wrong with it.</summary>
    /// <param name="fields">The request's body.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static ImmutableArray<CompletionPrompt> Read(JsonFields fields, int vocabularySize)
    {
        if (fields.Any(Name) is null)
        {
            return [new CompletionPrompt("", [])];
        }

        if (fields.Kind(Name, Expected, JsonValueKind.String, JsonValueKind.Array) is not { } value)
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return [new CompletionPrompt(value.GetString()!, [])];
        }

        if (IsEmpty(value, fields.PathOf(Name), fields.Errors))
        {
            return [];
        }

        if (value[0].ValueKind == JsonValueKind.Number)
        {
            return [new CompletionPrompt(null, TokenFields.Read(value, fields.PathOf(Name), vocabularySize, fields.Errors))];
        }

        return ReadEach(value, fields, vocabularySize);
    }

    private static ImmutableArray<CompletionPrompt> ReadEach(JsonElement array, JsonFields fields, int vocabularySize)
    {
        var prompts = ImmutableArray.CreateBuilder<CompletionPrompt>(array.GetArrayLength());
        var kind = array[0].ValueKind == JsonValueKind.Array ? JsonValueKind.Array : JsonValueKind.String;
        foreach (var item in array.EnumerateArray())
        {
            var path = JsonFields.Item(fields.PathOf(Name), prompts.Count);
            if (item.ValueKind != kind)
            {
                fields.Errors.Add(RequestError.WrongType(path, kind == JsonValueKind.Array ? "an array of token ids" : "a string", JsonFields.Describe(item.ValueKind)));
                return [];
            }

            if (kind == JsonValueKind.Array && IsEmpty(item, path, fields.Errors))
            {
                return [];
            }

            prompts.Add(kind == JsonValueKind.String
                ? new CompletionPrompt(item.GetString()!, [])
                : new CompletionPrompt(null, TokenFields.Read(item, path, vocabularySize, fields.Errors)));
        }

        return prompts.MoveToImmutable();
    }

    private static bool IsEmpty(JsonElement array, string path, RequestErrors errors)
    {
        if (array.GetArrayLength() > 0)
        {
            return false;
        }

        errors.Add(RequestError.BadValue(path, $"Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead.", "empty_array"));
        return true;
    }
}
