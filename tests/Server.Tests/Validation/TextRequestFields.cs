namespace InferenceServer.Server.Tests.Validation;

/// <summary>
/// What every field takes that chat and completion requests have in common: names of <see cref="Samples"/>. Everything else must
/// be refused with the field's name.
/// </summary>
internal static class TextRequestFields
{
    /// <summary>A value of every JSON type.</summary>
    public static readonly Dictionary<string, string> Samples = new()
    {
        ["null"] = "null",
        ["boolean"] = "true",
        ["number"] = "1",
        ["decimal"] = "0.5",
        ["string"] = "\"auto\"",
        ["array"] = "[5]",
        ["empty"] = "[]",
        ["object"] = "{}",
    };

    public static readonly Dictionary<string, string[]> Accepted = new()
    {
        ["model"] = ["string"],
        ["stream"] = ["boolean"],
        ["stream_options"] = ["object"],
        ["stop"] = ["string", "empty"],
        ["temperature"] = ["number", "decimal"],
        ["top_p"] = ["number", "decimal"],
        ["top_k"] = ["number"],
        ["min_p"] = ["number", "decimal"],
        ["repeat_penalty"] = ["number", "decimal"],
        ["repetition_penalty"] = ["number", "decimal"],
        ["repeat_last_n"] = ["number"],
        ["presence_penalty"] = ["number", "decimal"],
        ["frequency_penalty"] = ["number", "decimal"],
        ["logit_bias"] = ["object", "empty"],
        ["seed"] = ["number"],
        ["stop_token_ids"] = ["array", "empty"],
        ["include_stop_str_in_output"] = ["boolean"],
        ["min_tokens"] = ["number"],
        ["ignore_eos"] = ["boolean"],
        ["cache_prompt"] = ["boolean"],
        ["cache_salt"] = ["string"],
        ["service_tier"] = ["string"],
        ["response_format"] = [],
        ["grammar"] = ["string"],
        ["grammar_lazy"] = [],
        ["json_schema"] = ["string", "object"],
        ["guided_json"] = ["string", "object"],
        ["guided_regex"] = ["string"],
        ["guided_choice"] = [],
        ["guided_grammar"] = ["string"],
        ["structured_outputs"] = ["object"],
        ["user"] = ["string"],
    };

    /// <summary>What a kind of request takes in all.</summary>
    public static Dictionary<string, string[]> And(Dictionary<string, string[]> others) => new(Accepted.Concat(others));
}
