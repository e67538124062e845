using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Server.Validation;

/// <summary>The sampling fields of a request, those of OpenAI and the ones that local servers share.</summary>
internal static class SamplingFields
{
    // What the engine's arithmetic can take; no client has a use for more.
    private const double MaxRepeatPenalty = 100;
    private const double MaxBias = 100;

    /// <summary>Reads them all.</summary>
    /// <param name="fields">The request's body.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static RequestedSampling Read(JsonFields fields, int vocabularySize)
    {
        var repeat = (float?)fields.Number("repeat_penalty", 0.01, MaxRepeatPenalty);
        var repetition = (float?)fields.Number("repetition_penalty", 0.01, MaxRepeatPenalty);
        var topK = (int?)fields.Integer("top_k", -1, int.MaxValue);
        var seed = fields.Integer("seed", long.MinValue, long.MaxValue);
        return new RequestedSampling
        {
            Temperature = (float?)fields.Number("temperature", 0, 2),
            TopP = (float?)fields.Number("top_p", 0, 1),
            TopK = topK is -1 ? 0 : topK,
            MinP = (float?)fields.Number("min_p", 0, 1),
            RepeatPenalty = repeat ?? repetition,
            RepeatLastN = (int?)fields.Integer("repeat_last_n", -1, int.MaxValue),
            PresencePenalty = (float?)fields.Number("presence_penalty", -2, 2),
            FrequencyPenalty = (float?)fields.Number("frequency_penalty", -2, 2),
            LogitBias = ReadBiases(fields, vocabularySize),
            Seed = seed is -1 ? null : seed,
        };
    }

    // {"50256": -100} as OpenAI has it, or [[50256, -100], [13, false]] as llama.cpp has it.
    private static ImmutableArray<LogitBias> ReadBiases(JsonFields fields, int vocabularySize)
    {
        const string Name = "logit_bias";
        if (fields.Kind(Name, "an object or an array of pairs", JsonValueKind.Object, JsonValueKind.Array) is not { } value)
        {
            return [];
        }

        var biases = new Dictionary<int, float>();
        var numBefore = 0;
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var entry in value.EnumerateObject())
            {
                var key = JsonFields.Short(entry.Name);
                var path = $"{fields.PathOf(Name)}.{key}";
                if (int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < vocabularySize)
                {
                    Add(id, entry.Value, path);
                }
                else
                {
                    fields.Errors.Add(RequestError.BadValue(path, $"Invalid key in '{Name}': '{key}' is no token id below {vocabularySize}."));
                }
            }
        }
        else
        {
            foreach (var pair in value.EnumerateArray())
            {
                var path = $"{fields.PathOf(Name)}[{numBefore++}]";
                if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2)
                {
                    fields.Errors.Add(RequestError.WrongType(path, "a pair of token id and bias", JsonFields.Describe(pair.ValueKind)));
                }
                else if (pair[0].ValueKind != JsonValueKind.Number)
                {
                    fields.Errors.Add(RequestError.WrongType($"{path}[0]", "a token id", JsonFields.Describe(pair[0].ValueKind)));
                }
                else if (!pair[0].TryGetInt32(out var id) || id < 0 || id >= vocabularySize)
                {
                    fields.Errors.Add(RequestError.BadValue($"{path}[0]", $"Invalid token id in '{Name}': expected one from 0 to {vocabularySize - 1}."));
                }
                else
                {
                    Add(id, pair[1], $"{path}[1]");
                }
            }
        }

        return [.. biases.Select(entry => new LogitBias(entry.Key, entry.Value))];

        void Add(int id, JsonElement bias, string path)
        {
            if (bias.ValueKind == JsonValueKind.False)
            {
                biases[id] = float.NegativeInfinity;
            }
            else if (bias.ValueKind != JsonValueKind.Number)
            {
                fields.Errors.Add(RequestError.WrongType(path, "a number", JsonFields.Describe(bias.ValueKind)));
            }
            else if (Math.Abs(bias.GetDouble()) > MaxBias)
            {
                fields.Errors.Add(RequestError.BadValue(path, $"Invalid '{path}': expected a number from -{MaxBias} to {MaxBias}."));
            }
            else
            {
                biases[id] = (float)bias.GetDouble();
            }
        }
    }
}
