using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>From the body of a completion request to a valid one, or to all that is wrong with it.</summary>
internal static class CompletionRequestValidator
{
    // As OpenAI.
    private const int DefaultMaxTokens = 16;
    private const int MaxLogProbs = 5;
    private const int MaxCandidates = 20;

    /// <summary>Checks every field.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static Checked<ValidCompletionRequest> Validate(JsonElement body, int vocabularySize)
    {
        var errors = new RequestErrors();
        var request = Read(new JsonFields(body, "", errors), vocabularySize);
        return errors.IsEmpty ? request : errors.Merge();
    }

    private static ValidCompletionRequest Read(JsonFields fields, int vocabularySize)
    {
        var options = fields.Object("stream_options") is { } value ? new JsonFields(value, "stream_options", fields.Errors) : (JsonFields?)null;
        options?.Flag("include_obfuscation");
        var prompts = PromptFields.Read(fields, vocabularySize);
        var numChoices = (int)(fields.Integer("n", 1, ChatRequestValidator.MaxChoices) ?? 1);
        var numCandidates = (int?)fields.Integer("best_of", 1, MaxCandidates);
        var logProbs = (int?)fields.Integer("logprobs", 0, MaxLogProbs);
        var request = new ValidCompletionRequest
        {
            Model = fields.Text("model"),
            Prompts = prompts,
            Suffix = fields.Text("suffix") is { Length: > 0 } suffix ? suffix : null,
            Echo = fields.Flag("echo") ?? false,
            NumChoices = numChoices,
            NumCandidates = numCandidates ?? numChoices,
            ReportsLogProbs = logProbs is not null,
            TopLogProbs = logProbs ?? (numCandidates > numChoices ? 0 : null),
            AddsSpecial = fields.Flag("add_special_tokens") ?? true,
            Stream = fields.Flag("stream") ?? false,
            IncludeUsage = options?.Flag("include_usage") ?? false,
            MaxOutputTokens = fields.Integer("max_tokens", -1, long.MaxValue) switch
            {
                null => DefaultMaxTokens,
                -1 => null,
                { } limit => (int)Math.Min(limit, int.MaxValue),
            },
            End = EndFields.Read(fields, vocabularySize),
            Constraint = ConstraintFields.Read(fields),
            Sampling = SamplingFields.Read(fields, vocabularySize),
            ReusePrefix = fields.Flag("cache_prompt") ?? true,
            CacheSalt = fields.Text("cache_salt"),
            OnlyInMemory = CacheFields.ReadOnlyInMemory(fields),
            Class = ChatRequestValidator.ClassOf(fields.Text("service_tier")),
        };
        fields.Text("user");
        RefusedFields.Check(fields, "lora");
        CheckTogether(fields, request);
        return request;
    }

    private static void CheckTogether(JsonFields fields, ValidCompletionRequest request)
    {
        var errors = fields.Errors;
        if (request.NumCandidates < request.NumChoices)
        {
            errors.Add(RequestError.BadValue(fields.PathOf("best_of"), "Invalid 'best_of': it must not be less than 'n'."));
        }

        if (request.Stream && request.NumCandidates > request.NumChoices)
        {
            errors.Add(RequestError.BadValue(fields.PathOf("best_of"), "Invalid 'best_of': a stream cannot choose among answers that are not finished."));
        }

        if (request.Echo && request.Suffix is not null)
        {
            errors.Add(RequestError.UnsupportedValue(fields.PathOf("echo"), "'echo' together with 'suffix' is not supported by this server."));
        }
    }
}
