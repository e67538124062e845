using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>From the body of a request for a response to a valid one, or to all that is wrong with it.</summary>
internal static class ResponseRequestReader
{
    private const string Logprobs = "message.output_text.logprobs";
    private const string EncryptedReasoning = "reasoning.encrypted_content";

    /// <summary>Fields that this server cannot honour and will not ignore.</summary>
    internal static readonly string[] Refused = ["conversation", "prompt", "lora", "response_format", "grammar", "json_schema", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs"];

    private static readonly string[] IgnoredObjects = ["prompt_cache_options"];

    /// <summary>Checks every field. The result keeps parts of <paramref name="body"/> and lives no longer than its document.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static Checked<ValidResponseRequest> Read(JsonElement body, int vocabularySize)
    {
        var errors = new RequestErrors();
        var request = Read(new JsonFields(body, "", errors), vocabularySize);
        return errors.IsEmpty ? request : errors.Merge();
    }

    /// <summary>The whole conversation, ready for the engine.</summary>
    /// <param name="request">Checked.</param>
    /// <param name="history">Items of the previous responses, oldest first.</param>
    /// <param name="input">The request's items, references among them replaced.</param>
    public static Checked<ValidChatRequest> ToChat(ValidResponseRequest request, IEnumerable<JsonElement> history, IEnumerable<JsonElement> input)
    {
        var errors = new RequestErrors();
        var items = new ConversationItems(request.Tools, errors);
        if (request.Instructions is { } instructions)
        {
            items.AddInstructions(instructions);
        }

        var index = 0;
        foreach (var item in history.Concat(input))
        {
            items.Add(item, JsonFields.Item("input", index++));
        }

        var messages = items.Build();
        if (!errors.IsEmpty)
        {
            return errors.Merge();
        }

        return messages.IsEmpty
            ? RequestError.BadValue("input", "Invalid 'input': there is no message to answer.", "empty_array")
            : request.Chat with { Prompt = request.Chat.Prompt with { Messages = messages } };
    }

    private static ValidResponseRequest Read(JsonFields fields, int vocabularySize)
    {
        var errors = fields.Errors;
        var tools = new ResponseTools(fields);
        var (shown, use) = tools.Read();
        var previous = fields.Text("previous_response_id");
        var input = ReadInput(fields, tools.Names, isOptional: previous is not null);
        var include = ReadInclude(fields);
        var effort = ThoughtFields.ReadEffort(fields);
        var maxThoughtTokens = ThoughtFields.ReadLimit(fields, effort);
        var (constraint, format, verbosity) = TextFormat.Read(fields);
        var topLogProbs = fields.Integer("top_logprobs", 0, 20);
        var (store, background) = (fields.Flag("store"), fields.Flag("background") ?? false);
        if (background && store is false)
        {
            errors.Add(RequestError.BadValue(fields.PathOf("background"), "Invalid 'background': a response that outlives its request must be stored, but 'store' is false."));
        }

        var maxOutputTokens = fields.Integer("max_output_tokens", 1, long.MaxValue);
        RefuseUnsupported(fields);
        CheckIgnored(fields);
        return new ValidResponseRequest
        {
            Chat = new ValidChatRequest
            {
                Model = fields.Text("model"),
                Prompt = new ChatPrompt { Messages = [], Tools = shown, Variables = ChatRequestValidator.ReadVariables(fields, effort, maxThoughtTokens) },
                Tools = use,
                Constraint = constraint,
                MaxThoughtTokens = maxThoughtTokens,
                Stream = fields.Flag("stream") ?? false,
                MaxOutputTokens = maxOutputTokens is { } limit ? (int)Math.Min(limit, int.MaxValue) : null,
                End = EndFields.Read(fields, vocabularySize),
                TopLogProbs = include.Contains(Logprobs) || topLogProbs > 0 ? (int)(topLogProbs ?? 0) : null,
                Sampling = SamplingFields.Read(fields, vocabularySize),
                ReusePrefix = fields.Flag("cache_prompt") ?? true,
                CacheSalt = fields.Text("cache_salt"),
                OnlyInMemory = CacheFields.ReadOnlyInMemory(fields),
                Class = ChatRequestValidator.ClassOf(fields.Text("service_tier")),
                PromptField = "input",
            },
            Input = input,
            Instructions = fields.Text("instructions"),
            PreviousResponseId = previous,
            Store = store ?? true,
            Background = background,
            IncludesEncryptedReasoning = include.Contains(EncryptedReasoning),
            Tools = tools.Names,
            SkippedTools = tools.Skipped,
            Echo = new RequestedEcho
            {
                MaxOutputTokens = maxOutputTokens,
                MaxToolCalls = fields.Integer("max_tool_calls", 0, long.MaxValue),
                ParallelToolCalls = fields.Any("parallel_tool_calls") is not { ValueKind: JsonValueKind.False },
                PromptCacheKey = fields.Text("prompt_cache_key"),
                SafetyIdentifier = fields.Text("safety_identifier"),
                User = fields.Text("user"),
                Effort = effort?.GetString(),
                Verbosity = verbosity,
                Format = format,
                ToolChoice = fields.Any("tool_choice"),
                Tools = fields.Any("tools"),
                Metadata = ReadMetadata(fields),
            },
        };
    }

    private static ImmutableArray<JsonElement> ReadInput(JsonFields fields, ToolNames tools, bool isOptional)
    {
        const string Name = "input";
        if (fields.Any(Name) is null)
        {
            if (!isOptional)
            {
                fields.Errors.Add(RequestError.Missing(Name));
            }

            return [];
        }

        if (fields.Kind(Name, "a string or an array of items", JsonValueKind.String, JsonValueKind.Array) is not { } value)
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return [StoredItems.OfText(value.GetString()!)];
        }

        if (value.GetArrayLength() == 0 && !isOptional)
        {
            fields.Errors.Add(RequestError.BadValue(Name, "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.", "empty_array"));
        }

        // Only to find faults; references make messages of their own later.
        var items = new ConversationItems(tools, fields.Errors);
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            items.Add(item, JsonFields.Item(Name, index++));
        }

        return [.. value.EnumerateArray()];
    }

    private static HashSet<string> ReadInclude(JsonFields fields)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (fields.Array("include") is { } array)
        {
            var index = 0;
            foreach (var item in array.EnumerateArray())
            {
                var path = JsonFields.Item(fields.PathOf("include"), index++);
                if (item.ValueKind == JsonValueKind.String)
                {
                    names.Add(item.GetString()!);
                }
                else
                {
                    fields.Errors.Add(RequestError.WrongType(path, "a string", JsonFields.Describe(item.ValueKind)));
                }
            }
        }

        return names;
    }

    private static JsonElement? ReadMetadata(JsonFields fields)
    {
        const string Name = "metadata";
        if (fields.Object(Name) is not { } metadata)
        {
            return null;
        }

        foreach (var entry in metadata.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.String)
            {
                fields.Errors.Add(RequestError.WrongType($"{fields.PathOf(Name)}.{JsonFields.Short(entry.Name)}", "a string", JsonFields.Describe(entry.Value.ValueKind)));
            }
        }

        return metadata;
    }

    private static void RefuseUnsupported(JsonFields fields)
    {
        RefusedFields.Check(fields, Refused);
        if (fields.Text("truncation") is { } truncation and not "disabled" and not "auto")
        {
            fields.Errors.Add(RequestError.BadValue(
                fields.PathOf("truncation"), $"Invalid value: '{JsonFields.Short(truncation)}'. Supported values are: 'auto' and 'disabled'."));
        }
    }

    // No effect here, but a wrong type is still the client's mistake, and it wants to know.
    private static void CheckIgnored(JsonFields fields)
    {
        fields.Array("context_management");
        if (fields.Object("stream_options") is { } options)
        {
            new JsonFields(options, fields.PathOf("stream_options"), fields.Errors).Flag("include_obfuscation");
        }

        if (fields.Any("reasoning") is { ValueKind: JsonValueKind.Object } reasoning)
        {
            new JsonFields(reasoning, fields.PathOf("reasoning"), fields.Errors).Text("summary");
        }

        foreach (var name in IgnoredObjects)
        {
            fields.Object(name);
        }
    }
}
