using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>Reads <c>thinking</c> and <c>output_config.effort</c> of a Messages request.</summary>
/// <param name="Variables">What the template is told.</param>
/// <param name="MaxTokens">Tokens of thought at most; 0: the model is kept from thinking; null for as many as it likes.</param>
internal sealed record MessageThought(Dictionary<string, JsonElement> Variables, int? MaxTokens)
{
    private static readonly JsonElement True = JsonElement.Parse("true");
    private static readonly JsonElement False = JsonElement.Parse("false");

    /// <summary>Reads both.</summary>
    /// <param name="fields">The body.</param>
    public static MessageThought Read(JsonFields fields)
    {
        var (isWanted, limit) = ReadThinking(fields);

        // Whoever does not ask for a thought does not expect one: the first block is then the answer.
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["enable_thinking"] = isWanted ? True : False };
        if (fields.Any("output_config") is { ValueKind: JsonValueKind.Object } config
            && new JsonFields(config, fields.PathOf("output_config"), fields.Errors) is var inner
            && inner.Text("effort") is not null)
        {
            variables["reasoning_effort"] = inner.Any("effort")!.Value;
        }

        return new MessageThought(variables, limit);
    }

    private static (bool IsWanted, int? Limit) ReadThinking(JsonFields fields)
    {
        if (fields.Object("thinking") is not { } thinking)
        {
            return (false, null);
        }

        var inner = new JsonFields(thinking, fields.PathOf("thinking"), fields.Errors);
        var budget = inner.Integer("budget_tokens", 1, long.MaxValue) is { } tokens ? (int?)Math.Min(tokens, int.MaxValue) : null;
        switch (inner.RequiredText("type"))
        {
            case "enabled" or "adaptive":
                return (true, budget);
            case null:
                return (false, null);
            case "disabled":
                return (false, 0);
            case { } other:
                fields.Errors.Add(RequestError.BadValue(
                    inner.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'enabled', 'adaptive' and 'disabled'."));
                return (false, null);
        }
    }
}
