using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Server.Validation;

/// <summary>From the body of a chat request to a valid one, or to all that is wrong with it.</summary>
internal static class ChatRequestValidator
{
    // As OpenAI; more choices than sequences simply queue.
    internal const int MaxChoices = 128;

    private static readonly JsonElement True = JsonElement.Parse("true");
    private static readonly JsonElement False = JsonElement.Parse("false");

    private static readonly string[] IgnoredTexts =
    [
        "user", "safety_identifier", "prompt_cache_key", "verbosity",
    ];

    private static readonly string[] IgnoredObjects = ["metadata", "prediction", "prompt_cache_options", "web_search_options"];

    /// <summary>Checks every field. The result keeps parts of <paramref name="body"/> and lives no longer than its document.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static Checked<ValidChatRequest> Validate(JsonElement body, int vocabularySize)
    {
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        var request = Read(fields, vocabularySize);
        return errors.IsEmpty ? request : errors.Merge();
    }

    private static ValidChatRequest Read(JsonFields fields, int vocabularySize)
    {
        var options = fields.Object("stream_options") is { } value ? new JsonFields(value, "stream_options", fields.Errors) : (JsonFields?)null;
        options?.Flag("include_obfuscation");
        var messages = MessageFields.Read(fields);
        var isContinued = ReadContinuation(fields, messages);
        var (shown, tools) = ToolFields.Read(fields, takesFunctions: true);
        var effort = ThoughtFields.ReadEffort(fields);
        var maxThoughtTokens = ThoughtFields.ReadLimit(fields, effort);
        var tier = fields.Text("service_tier");
        RefuseUnsupported(fields);
        CheckIgnored(fields);
        return new ValidChatRequest
        {
            Model = fields.Text("model"),
            Prompt = new ChatPrompt
            {
                Messages = messages,
                Tools = shown,
                AddGenerationPrompt = (fields.Flag("add_generation_prompt") ?? true) && !isContinued,
                ContinueFinalMessage = isContinued,
                Variables = ReadVariables(fields, effort, maxThoughtTokens),
            },
            Tools = tools,
            Constraint = ConstraintFields.Read(fields),
            MaxThoughtTokens = maxThoughtTokens,
            ThoughtDisplay = ThoughtFields.ReadDisplay(fields),
            NumChoices = (int)(fields.Integer("n", 1, MaxChoices) ?? 1),
            Stream = fields.Flag("stream") ?? false,
            IncludeUsage = options?.Flag("include_usage") ?? false,
            MaxOutputTokens = ReadMaxTokens(fields),
            End = EndFields.Read(fields, vocabularySize),
            TopLogProbs = ReadTopLogProbs(fields),
            Sampling = SamplingFields.Read(fields, vocabularySize),
            ReusePrefix = fields.Flag("cache_prompt") ?? true,
            CacheSalt = fields.Text("cache_salt"),
            OnlyInMemory = CacheFields.ReadOnlyInMemory(fields),
            Class = ClassOf(tier),
        };
    }

    /// <summary>The scheduling class that a <c>service_tier</c> means; null if none, as <c>auto</c>.</summary>
    internal static RequestClass? ClassOf(string? tier) => tier switch
    {
        "priority" => RequestClass.Priority,
        "default" => RequestClass.Default,
        "flex" => RequestClass.Flex,
        _ => null,
    };

    private static int? ReadTopLogProbs(JsonFields fields)
    {
        var isAsked = fields.Flag("logprobs") ?? false;
        var count = fields.Integer("top_logprobs", 0, 20);
        if (count > 0 && !isAsked)
        {
            fields.Errors.Add(RequestError.BadValue(fields.PathOf("top_logprobs"), "Invalid 'top_logprobs': it needs 'logprobs' to be true."));
        }

        return isAsked ? (int)(count ?? 0) : null;
    }

    private static bool ReadContinuation(JsonFields fields, ImmutableArray<ChatMessage> messages)
    {
        const string Name = "continue_final_message";
        if (fields.Flag(Name) is not true)
        {
            return false;
        }

        if (fields.Any("add_generation_prompt") is { ValueKind: JsonValueKind.True })
        {
            fields.Errors.Add(RequestError.BadValue(fields.PathOf(Name), $"Invalid '{Name}': it cannot be true together with 'add_generation_prompt'."));
        }

        if (messages.Length > 0 && messages[^1].Role != "assistant")
        {
            fields.Errors.Add(RequestError.BadValue(fields.PathOf(Name), $"Invalid '{Name}': the last message must be an assistant's."));
        }

        return true;
    }

    private static int? ReadMaxTokens(JsonFields fields)
    {
        // All are checked, even where only one counts.
        var (old, llama) = (Limit(fields, "max_tokens"), Limit(fields, "n_predict"));
        return Limit(fields, "max_completion_tokens") ?? old ?? llama;

        static int? Limit(JsonFields fields, string name)
        {
            if (fields.Integer(name, -1, long.MaxValue) is not { } limit || limit == -1)
            {
                return null;
            }

            if (limit == 0)
            {
                fields.Errors.Add(RequestError.BadValue(
                    fields.PathOf(name), $"Invalid '{name}': integer below minimum value. Expected a value >= 1, but got 0 instead.", "integer_below_min_value"));
            }

            return (int)Math.Min(limit, int.MaxValue);
        }
    }

    internal static Dictionary<string, JsonElement>? ReadVariables(JsonFields fields, JsonElement? effort, int? maxThoughtTokens)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (effort is { } value)
        {
            variables["reasoning_effort"] = value;
        }

        // Templates have different switches for the same thing; whoever names one of them knows better.
        if (effort is not null || maxThoughtTokens is not null)
        {
            variables["enable_thinking"] = maxThoughtTokens == 0 ? False : True;
        }

        if (fields.Object("chat_template_kwargs") is { } given)
        {
            foreach (var entry in given.EnumerateObject())
            {
                variables[entry.Name] = entry.Value;
            }
        }

        return variables.Count == 0 ? null : variables;
    }

    // What would change the answer and cannot be done is refused, not ignored.
    private static void RefuseUnsupported(JsonFields fields)
    {
        var errors = fields.Errors;
        RefusedFields.Check(fields, "lora");
        if (fields.Array("modalities") is { } modalities)
        {
            var index = 0;
            foreach (var item in modalities.EnumerateArray())
            {
                var path = JsonFields.Item(fields.PathOf("modalities"), index++);
                if (item.ValueKind != JsonValueKind.String)
                {
                    errors.Add(RequestError.WrongType(path, "a string", JsonFields.Describe(item.ValueKind)));
                }
                else if (item.GetString() != "text")
                {
                    errors.Add(RequestError.UnsupportedValue(path, "This model answers with text only."));
                }
            }
        }
    }

    // No effect here, but a wrong type is still the client's mistake, and it wants to know.
    private static void CheckIgnored(JsonFields fields)
    {
        fields.Flag("store");
        fields.Object("audio");
        foreach (var name in IgnoredTexts)
        {
            fields.Text(name);
        }

        foreach (var name in IgnoredObjects)
        {
            fields.Object(name);
        }
    }
}
