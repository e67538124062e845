using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Grammar;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>From the body of a Messages request to a valid chat request, or to all that is wrong with it.</summary>
internal static class MessagesRequestReader
{
    // Objects whose keys change nothing here; a wrong type is still the client's mistake.
    private static readonly string[] IgnoredObjects = ["metadata", "context_management"];

    /// <summary>Checks every field. The result keeps parts of <paramref name="body"/> and lives no longer than its document.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="isCount">True: only tokens are counted, so that no limit is needed.</param>
    public static Checked<MappedMessages> Read(JsonElement body, bool isCount)
    {
        var errors = new RequestErrors();
        var request = Read(new JsonFields(body, "", errors), isCount);
        return errors.IsEmpty ? request : errors.Merge();
    }

    private static MappedMessages Read(JsonFields fields, bool isCount)
    {
        var messages = ConversationBlocks.Read(fields);
        var tools = MessageTools.Read(fields);
        var thinking = MessageThought.Read(fields);
        var isContinued = messages is [.., { Role: "assistant", ToolCalls.IsEmpty: true }];
        var maxTokens = fields.Integer("max_tokens", 1, long.MaxValue);
        if (!isCount && fields.Any("max_tokens") is null)
        {
            fields.Errors.Add(RequestError.Missing(fields.PathOf("max_tokens")));
        }

        CheckIgnored(fields);
        var chat = new ValidChatRequest
        {
            Model = fields.Text("model"),
            Prompt = new ChatPrompt
            {
                Messages = messages,
                Tools = tools.Shown,
                AddGenerationPrompt = !isContinued,
                ContinueFinalMessage = isContinued,
                Variables = thinking.Variables,
            },
            Tools = tools.Use,
            Constraint = ReadFormat(fields, isContinued),
            MaxThoughtTokens = thinking.MaxTokens,
            Stream = fields.Flag("stream") ?? false,
            MaxOutputTokens = (int?)Math.Min(maxTokens ?? int.MaxValue, int.MaxValue),
            End = new RequestedEnd { Stop = EndFields.ReadStop(fields, "stop_sequences") },
            Sampling = new RequestedSampling
            {
                Temperature = (float?)fields.Number("temperature", 0, 2),
                TopP = (float?)fields.Number("top_p", 0, 1),
                TopK = (int?)fields.Integer("top_k", 0, int.MaxValue),
            },
            Class = ChatRequestValidator.ClassOf(fields.Text("service_tier")),
        };
        return new MappedMessages(chat, tools.Skipped);
    }

    // The present place and the one before it. Who gives a schema here counts on it, so that what cannot be enforced is refused.
    private static GrammarPart.Embedded? ReadFormat(JsonFields fields, bool isContinued)
    {
        var config = fields.Object("output_config") is { } value ? new JsonFields(value, fields.PathOf("output_config"), fields.Errors) : (JsonFields?)null;
        var present = config is { } inner ? ReadFormat(inner, "format") : null;
        var constraint = ReadFormat(fields, "output_format") is { } old ? present ?? old : present;
        if (constraint is not null && isContinued)
        {
            fields.Errors.Add(RequestError.BadValue(
                fields.PathOf("messages"), "Invalid 'messages': an answer that goes on with the assistant's last message cannot be held to a schema as a whole."));
        }

        return constraint;
    }

    private static GrammarPart.Embedded? ReadFormat(JsonFields fields, string name)
    {
        if (fields.Object(name) is not { } value)
        {
            return null;
        }

        var format = new JsonFields(value, fields.PathOf(name), fields.Errors);
        if (format.RequiredText("type") is { } type and not "json_schema")
        {
            fields.Errors.Add(RequestError.BadValue(format.PathOf("type"), $"Invalid value: '{JsonFields.Short(type)}'. Supported values are: 'json_schema'."));
        }

        return format.RequiredObject("schema") is { } schema ? ConstraintFields.OfSchema(format.PathOf("schema"), schema, isStrict: true) : null;
    }

    private static void CheckIgnored(JsonFields fields)
    {
        foreach (var name in IgnoredObjects)
        {
            fields.Object(name);
        }

        fields.Kind("container", "a string or an object", JsonValueKind.String, JsonValueKind.Object);
        fields.Array("mcp_servers");
    }
}
