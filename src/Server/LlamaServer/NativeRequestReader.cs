using System.Text;
using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.LlamaServer;

/// <summary>From the body of a native completion or infill request to a valid completion request, or to all that is wrong with it.</summary>
internal static class NativeRequestReader
{
    /// <summary>Checks every field of a completion.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static Checked<ValidCompletionRequest> ReadCompletion(JsonElement body, int vocabularySize)
    {
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        fields.Require("prompt");

        var prompts = PromptFields.Read(fields, vocabularySize);
        var request = Read(fields, vocabularySize) with { Prompts = prompts };
        return errors.IsEmpty ? request : errors.Merge();
    }

    /// <summary>Checks every field of an infill.</summary>
    /// <inheritdoc cref="ReadCompletion"/>
    public static Checked<ValidCompletionRequest> ReadInfill(JsonElement body, int vocabularySize)
    {
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        foreach (var name in new[] { "input_prefix", "input_suffix" })
        {
            fields.Require(name);
        }

        var text = new StringBuilder();
        ReadExtras(fields, text);
        text.Append(fields.Text("input_prefix")).Append(fields.Text("prompt"));
        var request = Read(fields, vocabularySize) with
        {
            Prompts = [new CompletionPrompt(text.ToString(), [])],
            Suffix = fields.Text("input_suffix") ?? "",
            ParsesSpecial = false,
        };
        return errors.IsEmpty ? request : errors.Merge();
    }

    private static ValidCompletionRequest Read(JsonFields fields, int vocabularySize)
    {
        var numProbs = (int?)fields.Integer("n_probs", 0, 20);
        if (fields.Flag("return_tokens") is true)
        {
            fields.Errors.Add(RequestError.UnsupportedParameter(fields.PathOf("return_tokens")));
        }

        RefusedFields.Check(fields, "lora", "image_data");
        var hasProbs = numProbs > 0;
        return new ValidCompletionRequest
        {
            Model = fields.Text("model"),
            Prompts = [],
            Constraint = ConstraintFields.Read(fields),
            ReportsLogProbs = hasProbs,
            TopLogProbs = hasProbs ? numProbs : null,
            Stream = fields.Flag("stream") ?? false,
            MaxOutputTokens = fields.Integer("n_predict", -1, long.MaxValue) is { } limit and >= 0 ? (int)Math.Min(limit, int.MaxValue) : null,
            End = EndFields.Read(fields, vocabularySize),
            Sampling = SamplingFields.Read(fields, vocabularySize),
            ReusePrefix = fields.Flag("cache_prompt") ?? true,
            CacheSalt = fields.Text("cache_salt"),
            Class = ChatRequestValidator.ClassOf(fields.Text("service_tier")),
        };
    }

    private static void ReadExtras(JsonFields fields, StringBuilder text)
    {
        foreach (var extra in fields.Objects("input_extra"))
        {
            var name = extra.Text("filename");
            text.Append(name).Append(name is null ? "" : "\n").Append(extra.RequiredText("text")).Append('\n');
        }
    }
}
