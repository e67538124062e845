using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>The table of all formats: the literal markers that models write, as their templates render them.</summary>
internal static class ChatFormats
{
    private static readonly JsonCalls HermesJson = new("<tool_call>", "</tool_call>") { Space = "\n" };

    /// <summary>What models are asked for whose template knows no tools. Small models leave the markers out.</summary>
    public static readonly ChatFormat Generic = new("generic")
    {
        Calls = [HermesJson with { IsBareAllowed = true }],
        ToolsVariable = null,
    };

    /// <summary>All others. The first whose signature is found wins, so the more special ones come first.</summary>
    public static readonly ImmutableArray<ChatFormat> All =
    [
        new("harmony")
        {
            Signature = ["<|channel|>", "<|message|>"],
            Calls = [new HarmonyMessages()],
            Reasoning = null,
            ReasoningEnds = [HarmonyMessages.End, HarmonyMessages.Return, HarmonyMessages.Call],
            Dropped = [HarmonyMessages.End, HarmonyMessages.Return, HarmonyMessages.Call],
            CallEndsReasoning = true,
            PromptOpener = "<|start|>assistant",
        },
        new("kimi-k2")
        {
            Signature = ["<|tool_calls_section_begin|>"],
            Calls =
            [
                new NamedCalls("<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>")
                {
                    SectionOpen = "<|tool_calls_section_begin|>",
                    SectionClose = "<|tool_calls_section_end|>",
                    Head = CallHead.NumberedName,
                },
            ],
            CallEndsReasoning = true,
        },
        new("deepseek-dsml")
        {
            Signature = ["<｜DSML｜"],
            Calls = [Dsml("function_calls"), Dsml("tool_calls")],
            CallEndsReasoning = true,
        },
        new("deepseek")
        {
            Signature = ["<｜tool▁call▁begin｜>"],
            Calls =
            [
                new NamedCalls("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>")
                {
                    SectionOpen = "<｜tool▁calls▁begin｜>",
                    SectionClose = "<｜tool▁calls▁end｜>",
                    Head = CallHead.NameOrType,
                },
            ],
            CallEndsReasoning = true,
        },
        new("solar")
        {
            Signature = ["<|tool_call:begin|>"],
            Calls =
            [
                new NamedCalls("<|tool_call:begin|>", "<|tool_call:args|>", "<|tool_call:end|>")
                {
                    SectionOpen = "<|tool_calls|>",
                    SectionClose = "<|calls|>",
                    HeadSeparator = "<|tool_call:name|>",
                    Head = CallHead.IdThenName,
                },
            ],
        },
        new("gemma-4")
        {
            Signature = [GemmaCalls.Open],
            Calls = [new GemmaCalls()],
            Reasoning = new ReasoningMarkers("<|channel>thought", "<channel|>", IsAnywhere: true),
        },
        new("minimax-m2")
        {
            Signature = ["<minimax:tool_call>"],
            Calls =
            [
                new TaggedCalls("<invoke name=\"", "\">", "<parameter name=\"", "\">", "</parameter>", "</invoke>")
                {
                    SectionOpen = "<minimax:tool_call>",
                    SectionClose = "</minimax:tool_call>",
                },
            ],
        },
        new("command-r7b")
        {
            Signature = ["<|START_ACTION|>"],
            Calls = [new JsonCalls("<|START_ACTION|>", "<|END_ACTION|>") { IsList = true, Indent = "\n    ", NumberKey = "tool_call_id", NameKey = "tool_name", ArgumentsKey = "parameters" }],
            Reasoning = new ReasoningMarkers("<|START_THINKING|>", "<|END_THINKING|>", IsAnywhere: true),
            Dropped = ["<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>"],
            CallEndsReasoning = true,
        },
        new("lfm2")
        {
            Signature = ["<|tool_call_start|>"],
            Calls = [Lfm2],
        },
        new("lfm2")
        {
            Signature = ["<|tool_list_start|>"],
            Calls = [Lfm2],
        },
        new("seed-oss")
        {
            Signature = ["<seed:tool_call>"],
            Calls =
            [
                new TaggedCalls("<function=", ">", "<parameter=", ">", "</parameter>", "</function>")
                {
                    SectionOpen = "<seed:tool_call>",
                    SectionClose = "</seed:tool_call>",
                    IsSectionEach = true,
                },
            ],
            Reasoning = new ReasoningMarkers("<seed:think>", "</seed:think>"),
        },
        new("qwen3-coder")
        {
            Signature = ["<function=", "<parameter="],
            Calls =
            [
                new EitherCalls(
                    HermesJson,
                    new TaggedCalls("<function=", ">", "<parameter=", ">", "</parameter>", "</function>")
                    {
                        SectionOpen = "<tool_call>",
                        SectionClose = "</tool_call>",
                        IsSectionEach = true,
                        IsOnOwnLines = true,
                    }),
            ],
        },
        new("hunyuan-3")
        {
            Signature = ["<tool_sep:opensource>"],
            Calls =
            [
                new TaggedCalls(
                    "<tool_call:opensource>", "<tool_sep:opensource>", "<arg_key:opensource>", "</arg_key:opensource>", "</arg_value:opensource>", "</tool_call:opensource>")
                {
                    ValueOpen = "<arg_value:opensource>",
                    SectionOpen = "<tool_calls:opensource>",
                    SectionClose = "</tool_calls:opensource>",
                },
            ],
            Reasoning = new ReasoningMarkers("<think:opensource>", "</think:opensource>"),
        },
        new("glm-4")
        {
            Signature = ["<arg_key>"],
            Calls =
            [
                new EitherCalls(
                    HermesJson,
                    new TaggedCalls("<tool_call>", "", "<arg_key>", "</arg_key>", "</arg_value>", "</tool_call>") { ValueOpen = "<arg_value>" }),
            ],
        },
        new("functionary-v3.2")
        {
            Signature = [">>>all"],
            Calls = [FunctionaryRecipients],
            PromptOpener = ">>>",
        },
        new("functionary-v3.1")
        {
            Signature = ["<function="],
            Calls = [new NamedCalls("<function=", ">", "</function>") { RequiresKnownName = true }],
        },
        new("granite-3")
        {
            Signature = ["<|tool_call|>"],
            Calls = [new JsonCalls("<|tool_call|>", "<|/tool_call|>") { IsList = true }],
            Dropped = ["<response>", "</response>"],
            DropsOnlyAfterReasoning = true,
        },
        new("mistral")
        {
            Signature = ["[TOOL_CALLS]"],
            Calls =
            [
                new EitherCalls(
                    new JsonCalls("[TOOL_CALLS]", Close: null) { IsList = true, IdKey = "id" },
                    new NamedCalls("[TOOL_CALLS]", "[ARGS]", Close: null) { HeadSeparator = "[CALL_ID]" }),
            ],
            Reasoning = new ReasoningMarkers("[THINK]", "[/THINK]"),
            IdForm = CallIdForm.NineCharacters,
        },
        new("gigachat-3") { Signature = ["<|function_call|>"], Calls = [new JsonCalls("<|function_call|>", Close: null)] },
        new("nemotron-v2") { Signature = ["<TOOLCALL>"], Calls = [new JsonCalls("<TOOLCALL>", "</TOOLCALL>") { IsList = true }] },
        new("apertus")
        {
            Signature = ["<|tools_prefix|>"],
            Calls = [new JsonCalls("<|tools_prefix|>", "<|tools_suffix|>") { IsNameKey = true, IsList = true }],
            Reasoning = new ReasoningMarkers("<|inner_prefix|>", "<|inner_suffix|>", IsAnywhere: true),
        },
        new("tool-calls-list") { Signature = ["<tool_calls>"], Calls = [new JsonCalls("<tool_calls>", "</tool_calls>") { IsList = true, IdKey = "id" }] },
        new("phi-4-mini") { Signature = ["functools["], Calls = [new JsonCalls("functools", Close: null) { IsList = true }, new JsonCalls("<|tool_call|>", "<|/tool_call|>")] },
        new("hermes") { Signature = ["<tool_call>"], Calls = [HermesJson] },
        new("llama-3") { Signature = ["<|python_tag|>"], Calls = [Llama3] },
        new("llama-3") { Signature = ["\"parameters\"", "ipython"], Calls = [Llama3] },
    ];

    /// <summary>Calls as a model writes them whose template has this source, its own way first.</summary>
    public static ImmutableArray<CallSyntax> Adapt(ImmutableArray<CallSyntax> calls, string template) =>
        [.. calls.OrderBy(call => call.Openers is not [var opener, ..] || !template.Contains(opener, StringComparison.Ordinal)).Select(call => call.Adapt(template))];

    private static CallSyntax Lfm2 => new EitherCalls(new JsonCalls("<|tool_call_start|>", "<|tool_call_end|>") { IsList = true }, new PythonCalls("<|tool_call_start|>", "<|tool_call_end|>"));

    private static CallSyntax Llama3 => new EitherCalls(
        new JsonCalls("<|python_tag|>", Close: null) { IsBareAllowed = true, WritesBare = true, ArgumentsKey = "parameters" },
        new PythonCalls("<|python_tag|>", Close: null) { NameSuffix = ".call", RequiresKnownName = true });

    private static CallSyntax FunctionaryRecipients => new NamedCalls(">>>", "\n", Close: null) { RequiresKnownName = true, TextHead = "all" };

    private static TaggedCalls Dsml(string section) => new(
        "<｜DSML｜invoke name=\"", "\">", "<｜DSML｜parameter name=\"", "\" string=\"false\">", "</｜DSML｜parameter>", "</｜DSML｜invoke>")
    {
        TextKeyEnd = "\" string=\"true\">",
        SectionOpen = $"<｜DSML｜{section}>",
        SectionClose = $"</｜DSML｜{section}>",
    };
}
