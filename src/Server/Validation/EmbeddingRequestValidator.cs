using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Validation;

/// <summary>From the body of an embedding request to a valid one, or to all that is wrong with it.</summary>
internal static class EmbeddingRequestValidator
{
    /// <summary>As OpenAI.</summary>
    public const int MaxInputs = 2048;

    private const string Name = "input";

    // Their client splits texts by a vocabulary of OpenAI's and sends ids that mean something else here.
    private const string LangChainHint =
        " If they come from LangChain's OpenAIEmbeddings, set check_embedding_ctx_length=False there, so that it sends text.";

    /// <summary>Checks every field.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="model">Whose vocabulary and dimensions count.</param>
    public static Checked<ValidEmbeddingRequest> Validate(JsonElement body, ServedEmbeddingModel model)
    {
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        var format = fields.Text("encoding_format");
        var request = new ValidEmbeddingRequest
        {
            Inputs = ReadInputs(fields, model, out var isList),
            IsList = isList,
            Model = fields.Text("model"),
            IsBase64 = format == "base64",
            Dimensions = (int?)fields.Integer("dimensions", 1, model.Embedding.Dimensions),
        };
        if (format is not (null or "float" or "base64"))
        {
            errors.Add(RequestError.BadValue(
                "encoding_format", $"Invalid value: '{JsonFields.Short(format)}'. Supported values are: 'float', 'base64'."));
        }

        fields.Text("user");
        return errors.IsEmpty ? request : errors.Merge();
    }

    private static ImmutableArray<EmbedInput> ReadInputs(JsonFields fields, ServedEmbeddingModel model, out bool isList)
    {
        isList = false;
        var path = fields.PathOf(Name);
        if (fields.Any(Name) is null)
        {
            fields.Errors.Add(RequestError.Missing(path));
            return [];
        }

        if (fields.Kind(Name, "a string or an array", JsonValueKind.String, JsonValueKind.Array) is not { } value)
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return ReadItem(value, path, model, fields.Errors) is { } only ? [only] : [];
        }

        var count = value.GetArrayLength();
        if (count > 0 && value[0].ValueKind == JsonValueKind.Number)
        {
            return ReadItem(value, path, model, fields.Errors) is { } only ? [only] : [];
        }

        if (count is 0 or > MaxInputs)
        {
            fields.Errors.Add(count == 0 ? EmptyArray(path) : TooMany(path, count));
            return [];
        }

        isList = true;
        var inputs = ImmutableArray.CreateBuilder<EmbedInput>(count);
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (ReadItem(item, JsonFields.Item(path, index++), model, fields.Errors) is { } input)
            {
                inputs.Add(input);
            }
        }

        return inputs.ToImmutable();
    }

    private static EmbedInput? ReadItem(JsonElement item, string path, ServedEmbeddingModel model, RequestErrors errors)
    {
        switch (item.ValueKind)
        {
            case JsonValueKind.String when item.GetString() is { Length: > 0 } text:
                return EmbedInput.FromText(text);
            case JsonValueKind.String:
                errors.Add(EmptyText(path));
                return null;
            case JsonValueKind.Array when item.GetArrayLength() == 0:
                errors.Add(EmptyArray(path));
                return null;
            case JsonValueKind.Array:
                var tokens = TokenIdFields.Read(item, path, model.Metadata.VocabularySize, LangChainHint, errors);
                return tokens is null ? null : EmbedInput.FromTokens(tokens);
            default:
                errors.Add(RequestError.WrongType(path, "a string or an array of token ids", JsonFields.Describe(item.ValueKind)));
                return null;
        }
    }

    /// <summary>A text that must not be empty is.</summary>
    internal static RequestError EmptyText(string path) => RequestError.BadValue(
        path, $"Invalid '{path}': empty string. Expected a string with minimum length 1, but got an empty string instead.", "empty_string");

    /// <summary>An array that must not be empty is.</summary>
    internal static RequestError EmptyArray(string path) => RequestError.BadValue(
        path, $"Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead.", "empty_array");

    /// <summary>An array is longer than <see cref="MaxInputs"/>.</summary>
    internal static RequestError TooMany(string path, int count) => RequestError.BadValue(
        path,
        $"Invalid '{path}': array too long. Expected an array with maximum length {MaxInputs}, but got one with length {count} instead.",
        "array_above_max_length");
}
