using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>Lists of token ids in a request.</summary>
internal static class TokenFields
{
    /// <summary>The ids of an array; the first fault is reported and ends the reading, since a list may be long.</summary>
    /// <param name="array">The array.</param>
    /// <param name="path">Its place in the body.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    /// <param name="errors">Where faults go.</param>
    public static int[] Read(JsonElement array, string path, int vocabularySize, RequestErrors errors)
    {
        var tokens = new int[array.GetArrayLength()];
        var index = 0;
        foreach (var item in array.EnumerateArray())
        {
            var at = JsonFields.Item(path, index);
            if (item.ValueKind != JsonValueKind.Number)
            {
                errors.Add(RequestError.WrongType(at, "a token id", JsonFields.Describe(item.ValueKind)));
                return [];
            }

            if (!item.TryGetInt32(out var token) || token < 0 || token >= vocabularySize)
            {
                errors.Add(RequestError.BadValue(at, $"Invalid '{at}': expected a token id from 0 to {vocabularySize - 1}, but got {JsonFields.Short(item.GetRawText())} instead."));
                return [];
            }

            tokens[index++] = token;
        }

        return tokens;
    }
}
