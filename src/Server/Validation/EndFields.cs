using System.Collections.Immutable;
using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>The fields that say when an answer ends: OpenAI's <c>stop</c> and what vLLM's clients add.</summary>
internal static class EndFields
{
    // A body could hold millions of one-letter texts, each of which would be matched against every token.
    private const int MaxStops = 64;

    /// <summary>Reads them all.</summary>
    /// <param name="fields">The request's body.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static RequestedEnd Read(JsonFields fields, int vocabularySize) => new()
    {
        Stop = ReadStop(fields, "stop"),
        StopTokens = ReadStopTokens(fields, vocabularySize),
        IncludesStop = fields.Flag("include_stop_str_in_output") ?? false,
        MinTokens = (int)(fields.Integer("min_tokens", 0, int.MaxValue) ?? 0),
        IgnoreEos = fields.Flag("ignore_eos") ?? false,
    };

    private static ImmutableArray<int> ReadStopTokens(JsonFields fields, int vocabularySize)
    {
        const string Name = "stop_token_ids";
        if (fields.Array(Name) is not { } array || IsTooLong(fields, Name, array))
        {
            return [];
        }

        return [.. TokenFields.Read(array, fields.PathOf(Name), vocabularySize, fields.Errors).Distinct()];
    }

    /// <summary>Texts that end an answer, each once and none empty.</summary>
    /// <param name="fields">The object that has them.</param>
    /// <param name="name">Their name there.</param>
    public static ImmutableArray<string> ReadStop(JsonFields fields, string name)
    {
        if (fields.Kind(name, "a string or an array of strings", JsonValueKind.String, JsonValueKind.Array) is not { } value)
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString() is { Length: > 0 } only ? [only] : [];
        }

        if (IsTooLong(fields, name, value))
        {
            return [];
        }

        var stops = ImmutableArray.CreateBuilder<string>();
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            var path = JsonFields.Item(fields.PathOf(name), index++);
            if (item.ValueKind != JsonValueKind.String)
            {
                fields.Errors.Add(RequestError.WrongType(path, "a string", JsonFields.Describe(item.ValueKind)));
            }
            else if (item.GetString() is { Length: > 0 } stop && !stops.Contains(stop))
            {
                stops.Add(stop);
            }
        }

        return stops.ToImmutable();
    }

    private static bool IsTooLong(JsonFields fields, string name, JsonElement array)
    {
        if (array.GetArrayLength() <= MaxStops)
        {
            return false;
        }

        fields.Errors.Add(RequestError.BadValue(
            fields.PathOf(name), $"Invalid '{name}': array too long. Expected at most {MaxStops} entries, but got {array.GetArrayLength()} instead.", "array_above_max_length"));
        return true;
    }
}
