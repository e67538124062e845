using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>Arrays of token ids, checked against the vocabulary: llama.cpp ends the process over an id outside it.</summary>
internal static class TokenIdFields
{
    /// <summary>Reads an array; null, and one fault reported, if an element is no token id.</summary>
    /// <param name="array">A JSON array.</param>
    /// <param name="path">Its place in the body.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    /// <param name="hint">A sentence behind the message about an id outside the vocabulary; empty for none.</param>
    /// <param name="errors">Where faults go.</param>
    public static int[]? Read(JsonElement array, string path, int vocabularySize, string hint, RequestErrors errors)
    {
        var tokens = new int[array.GetArrayLength()];
        var index = 0;
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number)
            {
                errors.Add(RequestError.WrongType(JsonFields.Item(path, index), "a token id", JsonFields.Describe(item.ValueKind)));
                return null;
            }

            if (!item.TryGetInt32(out var token) || token < 0 || token >= vocabularySize)
            {
                errors.Add(RequestError.BadValue(
                    JsonFields.Item(path, index),
                    $"Invalid token id {JsonFields.Short(item.GetRawText())} in '{path}': this model's ids are 0 to {vocabularySize - 1}.{hint}"));
                return null;
            }

            tokens[index++] = token;
        }

        return tokens;
    }
}
