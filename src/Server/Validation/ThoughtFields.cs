using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>What a request says about the model's thoughts, in OpenAI's words and those of local servers.</summary>
internal static class ThoughtFields
{
    // One limit under the names of llama.cpp's server (two) and vLLM.
    private static readonly string[] Limits = ["thinking_budget_tokens", "reasoning_budget_tokens", "thinking_token_budget"];

    /// <summary>Tokens of thought at most; null for no limit.</summary>
    /// <param name="fields">The request's body.</param>
    /// <param name="effort">From <see cref="ReadEffort"/>.</param>
    public static int? ReadLimit(JsonFields fields, JsonElement? effort)
    {
        int? limit = null;
        foreach (var name in Limits)
        {
            // All are checked, even where only one counts.
            var given = (int?)fields.Integer(name, -1, int.MaxValue);
            limit ??= given;
        }

        // Asked for no effort, a model that would think anyway is kept from it.
        return limit is -1 ? null : limit ?? (effort is { } value && value.ValueEquals("none") ? 0 : null);
    }

    /// <summary>The effort, from <c>reasoning_effort</c> or OpenRouter's <c>reasoning</c>; null if none is given.</summary>
    public static JsonElement? ReadEffort(JsonFields fields)
    {
        var effort = fields.Text("reasoning_effort") is null ? null : fields.Any("reasoning_effort");
        return fields.Object("reasoning") is { } reasoning && new JsonFields(reasoning, fields.PathOf("reasoning"), fields.Errors) is var inner && inner.Text("effort") is not null
            ? effort ?? inner.Any("effort")
            : effort;
    }

    /// <summary>Where thoughts go.</summary>
    public static ThoughtDisplay ReadDisplay(JsonFields fields)
    {
        var isHidden = fields.Flag("include_reasoning") == false;
        const string Name = "reasoning_format";
        var format = fields.Text(Name);
        if (format is not (null or "none" or "auto" or "deepseek" or "deepseek-legacy"))
        {
            fields.Errors.Add(RequestError.BadValue(
                fields.PathOf(Name), $"Invalid value: '{JsonFields.Short(format)}'. Supported values are: 'none', 'auto', 'deepseek', and 'deepseek-legacy'."));
        }

        return isHidden ? ThoughtDisplay.Hidden : format == "none" ? ThoughtDisplay.InText : ThoughtDisplay.Apart;
    }
}
