using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Grammar;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Ollama;

/// <summary>From the body of one of Ollama's requests to a valid one, or to all that is wrong with it.</summary>
internal static class OllamaRequestReader
{
    private const string Latest = ":latest";

    /// <summary>Checks every field of a chat. The result keeps parts of <paramref name="body"/> and lives no longer than its document.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    public static Checked<ValidChatRequest> ReadChat(JsonElement body, int vocabularySize)
    {
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        var messages = ReadMessages(fields);
        var (shown, tools) = ToolFields.Read(fields, takesFunctions: false);
        var request = ToChat(fields, messages, vocabularySize);
        request = request with { Prompt = request.Prompt with { Tools = shown }, Tools = tools };
        return errors.IsEmpty ? request : errors.Merge();
    }

    /// <summary>Checks every field of a generation: a chat of one message, or a text to go on with.</summary>
    /// <inheritdoc cref="ReadChat"/>
    public static Checked<ValidRequest> ReadGenerate(JsonElement body, int vocabularySize)
    {
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        var prompt = fields.Text("prompt") ?? "";
        var suffix = fields.Text("suffix");
        var system = fields.Text("system");
        var isRaw = fields.Flag("raw") ?? false;
        RefuseUnlessEmpty(fields, "images");
        RefuseUnlessEmpty(fields, "context");
        if (fields.Text("template") is { Length: > 0 })
        {
            errors.Add(RequestError.UnsupportedParameter(fields.PathOf("template")));
        }

        ImmutableArray<ChatMessage> messages = [new() { Role = "user", Content = prompt }];
        var chat = ToChat(fields, string.IsNullOrEmpty(system) ? messages : messages.Insert(0, new ChatMessage { Role = "system", Content = system }), vocabularySize);
        ValidRequest request = isRaw || !string.IsNullOrEmpty(suffix)
            ? new ValidCompletionRequest
            {
                Model = chat.Model,
                Prompts = [new CompletionPrompt(prompt, [])],
                Suffix = string.IsNullOrEmpty(suffix) ? null : suffix,
                Stream = chat.Stream,
                MaxOutputTokens = chat.MaxOutputTokens,
                End = chat.End,
                Constraint = chat.Constraint,
                Sampling = chat.Sampling,
            }
            : chat;
        return errors.IsEmpty ? request : errors.Merge();
    }

    /// <summary>True: nothing is asked; the client wants the model loaded.</summary>
    /// <param name="body">The body.</param>
    /// <param name="name">The field that would ask.</param>
    public static bool IsLoad(JsonElement body, string name) =>
        !body.TryGetProperty(name, out var value)
        || value.ValueKind == JsonValueKind.Null
        || (value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0)
        || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);

    /// <summary>A model's name without the tag that Ollama's clients add.</summary>
    public static string? NameOf(string? model) => model is not null && model.EndsWith(Latest, StringComparison.Ordinal) ? model[..^Latest.Length] : model;

    private static ValidChatRequest ToChat(JsonFields fields, ImmutableArray<ChatMessage> messages, int vocabularySize)
    {
        fields.Kind("keep_alive", "a string or a number", JsonValueKind.String, JsonValueKind.Number);
        if (fields.Flag("logprobs") is true)
        {
            fields.Errors.Add(RequestError.UnsupportedParameter(fields.PathOf("logprobs")));
        }

        var options = new JsonFields(fields.Object("options") ?? default, fields.PathOf("options"), fields.Errors);
        var hasOptions = options.Source.ValueKind == JsonValueKind.Object;
        return new ValidChatRequest
        {
            Model = NameOf(fields.Text("model")),
            Prompt = new ChatPrompt { Messages = messages, Variables = ReadThink(fields) },
            Constraint = ReadFormat(fields),
            MaxThoughtTokens = fields.Any("think") is { ValueKind: JsonValueKind.False } ? 0 : null,
            Stream = fields.Flag("stream") ?? true,
            MaxOutputTokens = hasOptions ? ReadLimit(options) : null,
            End = hasOptions ? new RequestedEnd { Stop = EndFields.ReadStop(options, "stop") } : new RequestedEnd(),
            Sampling = hasOptions ? SamplingFields.Read(options, vocabularySize) : new RequestedSampling(),
        };
    }

    // -1 and -2 both mean as much as fits.
    private static int? ReadLimit(JsonFields options) =>
        options.Integer("num_predict", -2, long.MaxValue) is { } limit and >= 0 ? (int)Math.Min(limit, int.MaxValue) : null;

    private static ImmutableArray<ChatMessage> ReadMessages(JsonFields fields)
    {
        var messages = MessageFields.Read(fields);
        if (fields.Array("messages") is not { } array || array.GetArrayLength() != messages.Length)
        {
            return messages;
        }

        var named = messages.ToBuilder();
        for (var index = 0; index < named.Count; index++)
        {
            if (array[index].ValueKind == JsonValueKind.Object)
            {
                var message = new JsonFields(array[index], JsonFields.Item(fields.PathOf("messages"), index), fields.Errors);
                RefuseUnlessEmpty(message, "images");
                named[index] = named[index] with { Name = message.Text("tool_name") ?? named[index].Name };
            }
        }

        return named.DrainToImmutable();
    }

    private static Dictionary<string, JsonElement>? ReadThink(JsonFields fields)
    {
        if (fields.Kind("think", "a boolean or a string", JsonValueKind.True, JsonValueKind.False, JsonValueKind.String) is not { } value
            || (value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0))
        {
            return null;
        }

        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["enable_thinking"] = value };
        if (value.ValueKind == JsonValueKind.String)
        {
            variables["enable_thinking"] = JsonElement.Parse("true");
            variables["reasoning_effort"] = value;
        }

        return variables;
    }

    private static GrammarPart.Embedded? ReadFormat(JsonFields fields)
    {
        const string Name = "format";
        if (fields.Kind(Name, "a string or an object", JsonValueKind.String, JsonValueKind.Object) is not { } format)
        {
            return null;
        }

        if (format.ValueKind == JsonValueKind.Object)
        {
            return ConstraintFields.OfSchema(fields.PathOf(Name), format, isStrict: false);
        }

        switch (format.GetString()!)
        {
            case "":
                return null;
            case "json":
                return ConstraintFields.AnyObject(fields.PathOf(Name));
            case var other:
                fields.Errors.Add(RequestError.BadValue(fields.PathOf(Name), $"Invalid 'format': '{JsonFields.Short(other)}' is neither 'json' nor a JSON Schema."));
                return null;
        }
    }

    private static void RefuseUnlessEmpty(JsonFields fields, string name)
    {
        if (fields.Array(name) is { } array && array.GetArrayLength() > 0)
        {
            fields.Errors.Add(RequestError.UnsupportedParameter(fields.PathOf(name)));
        }
    }
}
