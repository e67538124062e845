using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Tokens;
using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Chat.Output;

/// <summary>What is generated in a model's notation is read as calls that fit their schemas, and what its template writes can be generated.</summary>
public sealed class ChatGrammarTests
{
    private static readonly ImmutableArray<JsonElement> Tools =
    [
        .. JsonElement.Parse(
            """
            [
              {"type": "function", "function": {"name": "get_w", "description": "q", "parameters": {"type": "object", "properties": {
                "city": {"type": "string", "description": "q"}, "days": {"type": "integer", "minimum": 1, "maximum": 14, "description": "q"}, "unit": {"type": "string", "enum": ["celsius", "kelvin"], "description": "q"}},
                "required": ["city", "days"], "additionalProperties": false}}},
              {"type": "function", "function": {"name": "ping", "description": "q", "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": false}}}
            ]
            """).EnumerateArray(),
    ];

    private static readonly GrammarPart.Embedded Schema =
        new("response_format", new GrammarSource { Kind = GrammarKind.JsonSchema, Text = """{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}""" });

    private static ImmutableArray<CallableTool> Callable =>
    [
        .. Tools.Select(tool => tool.GetProperty("function")).Select(function => new CallableTool(
            function.GetProperty("name").GetString()!,
            new GrammarPart.Embedded("tools", new GrammarSource { Kind = GrammarKind.JsonSchema, Text = function.GetProperty("parameters").GetRawText(), IsStrict = true }))),
    ];

    public static TheoryData<string> Templates => [.. ReferenceTemplates.Names];

    // Templates that leave calls of earlier turns out, or render them in a way that no model is meant to write.
    private static readonly string[] NotRendered =
        ["google-gemma-2-2b-it", "HuggingFaceTB-SmolLM3-3B", "ibm-granite-granite-3.3-2B-Instruct", "microsoft-Phi-3.5-mini-instruct", "google-gemma-4-31B-it", "openai-gpt-oss-120b"];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Calls_AsTheTemplateWritesThem_CanBeGenerated(string name)
    {
        var template = ChatTemplate.Parse(ReferenceTemplates.Source(name), "<s>", "</s>", ReferenceTemplates.Clock);
        var format = ChatFormat.Detect(template);
        if (NotRendered.Contains(name) || format.ToolsVariable is null)
        {
            return;
        }

        ChatMessage[] user = [new() { Role = "user", Content = "q" }];
        var call = new ChatMessage { Role = "assistant", ToolCalls = [new ChatToolCall("abcdef123", "get_w", """{"city": "Oslo", "days": 3}""")] };
        var result = new ChatMessage { Role = "tool", Content = "c", ToolCallId = "abcdef123", Name = "get_w" };
        var prompt = template.Render(new ChatPrompt { Messages = [.. user], Tools = Tools });
        var whole = template.Render(new ChatPrompt { Messages = [.. user, call, result], Tools = Tools, AddGenerationPrompt = false }).ToString();
        var grammar = ChatGrammar.Of(format, prompt, NoControlTokens, new ChatConstraint { Tools = Callable, MustCall = true });

        // Behind the user's message: what comes between the header of the assistant's and the end of its turn.
        var begin = whole.IndexOf(FirstMarker(format, whole), StringComparison.Ordinal);
        var text = Opened(format, prompt) + whole[begin..];
        var length = LongestMatch(Compile(grammar), text);

        Assert.True(length > 0, text);
        Assert.DoesNotContain("Oslo", text[length..], StringComparison.Ordinal);
    }

    public static TheoryData<string> Written => [.. WrittenOutputs.TwoCalls.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Written))]
    public void Calls_AsModelsWriteThem_CanBeGenerated(string name)
    {
        var (_, formatName, promptEnd, output) = WrittenOutputs.TwoCalls.Single(item => item.Name == name);

        // Some templates print Python's words, which are read, too.
        output = output.Replace("True", "true", StringComparison.Ordinal).Replace("None", "null", StringComparison.Ordinal).Replace("{'k': [1, 'a']}", "{\"k\": [1, \"a\"]}", StringComparison.Ordinal);
        var format = Outputs.Format(formatName);
        format = format with
        {
            Calls = ChatFormats.Adapt(format.Calls, output),
            Reasoning = format.Reasoning is null ? null : format.Reasoning with { IsInTemplate = true },
            ToolsVariable = "tools",
        };
        const string Parameters =
            """{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"},"hourly":{"type":"boolean"},"opts":{"type":"object"},"note":{"type":"null"}},"required":["city"]}""";
        var tool = new CallableTool("get_w", new GrammarPart.Embedded("tools", new GrammarSource { Kind = GrammarKind.JsonSchema, Text = Parameters }));
        var grammar = ChatGrammar.Of(format, PromptText.Trusted(promptEnd), NoControlTokens, new ChatConstraint { Tools = [tool], MustCall = true });

        Assert.Equal(!NotWritten.Contains(name), LongestMatch(Compile(grammar), output) == output.Length);
    }

    // Forms that models write as well, or instead, and that are read, while what is generated has another one.
    private static readonly string[] NotWritten =
    [
        "Qwen3-Coder without section", "Qwen3-Coder, calls in JSON", "Reka", "StepFun", "Llama 3, lines", "Llama 3, python tag", "DeepSeek R1, call in the thought", "gpt-oss",
        "gpt-oss, recipient first", "Gemma 4", "Granite 3.3", "LFM2", "MiniMax M1", "generic, bare",
    ];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Output_GeneratedToCall_IsReadAsCallsThatFit(string name)
    {
        var (format, prompt) = Detect(name);
        foreach (var isSingle in new[] { true, false })
        {
            var grammar = ChatGrammar.Of(format, prompt, NoControlTokens, new ChatConstraint { Tools = Callable, MustCall = true, IsSingleCall = isSingle });
            foreach (var output in Generate(grammar, 12))
            {
                var reply = Read(grammar, prompt, output);
                Assert.True(reply.Calls.Count >= 1 && (!isSingle || reply.Calls.Count == 1), output);
                Assert.All(reply.Calls, call => AssertFits(call, output));
                Assert.Equal("", reply.Content.Trim());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Output_GeneratedFreely_HasOnlyCallsThatFit(string name)
    {
        var (format, prompt) = Detect(name);
        var grammar = ChatGrammar.Of(format, prompt, NoControlTokens, new ChatConstraint { Tools = Callable });
        var automaton = Compile(grammar);
        Assert.All(Generate(grammar, 12).Select(output => Read(grammar, prompt, output)), reply => Assert.All(reply.Calls, call => AssertFits(call, reply.Content)));

        // An ordinary answer is one.
        var answer = format.Name == "harmony" ? "<|channel|>final<|message|>Hello, {world}!" : Opened(format, prompt) + "Hello, {world}!";
        Assert.True(automaton.Matches(Encoding.UTF8.GetBytes(answer)), answer);
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Output_OfASchemaBesideTools_IsOneOrTheOther(string name)
    {
        var (format, prompt) = Detect(name);
        var both = ChatGrammar.Of(format, prompt, NoControlTokens, new ChatConstraint { Tools = Callable, Content = Schema });
        var alone = ChatGrammar.Of(format, prompt, NoControlTokens, new ChatConstraint { Content = Schema });
        foreach (var grammar in new[] { both, alone })
        {
            var numTexts = 0;
            foreach (var output in Generate(grammar, 12))
            {
                var reply = Read(grammar, prompt, output);
                Assert.All(reply.Calls, call => AssertFits(call, output));
                if (reply.Calls.Count == 0)
                {
                    numTexts++;
                    Assert.Equal(JsonValueKind.Number, JsonElement.Parse(reply.Content).GetProperty("a").ValueKind);
                }
            }

            Assert.True(grammar == both || numTexts == 12);
        }
    }

    [Fact]
    public void Of_MarkersThatAreControlTokens_TakesNoTextForThem()
    {
        var (format, prompt) = Detect("Kimi-K2-Instruct");
        var names = format.Calls.SelectMany(call => call.Markers).Distinct().ToDictionary(marker => marker, _ => false);
        var grammar = ChatGrammar.Of(format, prompt, names, new ChatConstraint { Tools = Callable, MustCall = true });
        var text = """<|tool_calls_section_begin|><|tool_call_begin|>functions.ping:0<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>""";
        var spelled = names.Keys.Aggregate(text, (all, marker) => all.Replace(marker, $"\u0001{marker}\u0001", StringComparison.Ordinal));

        Assert.False(Compile(grammar).Matches(Encoding.UTF8.GetBytes(text)));
        Assert.True(Compile(grammar).Matches([.. Encoding.UTF8.GetBytes(spelled).Select(value => value == 1 ? ControlSpelling.Mark : value)]));
    }

    private static readonly Dictionary<string, bool> NoControlTokens = [];

    private static (ChatFormat Format, PromptText Prompt) Detect(string name)
    {
        var template = ChatTemplate.Parse(ReferenceTemplates.Source(name), "<s>", "</s>", ReferenceTemplates.Clock);
        var format = ChatFormat.Detect(template);
        return (format, template.Render(format.ShowTools(new ChatPrompt { Messages = [new ChatMessage { Role = "user", Content = "q" }], Tools = Tools })));
    }

    private static Automaton Compile(ChatGrammar grammar)
    {
        var result = GrammarCompiler.Compile(grammar.Source);
        Assert.Null(result.Error);
        return result.Automaton!;
    }

    private static IEnumerable<string> Generate(ChatGrammar grammar, int count)
    {
        var markers = grammar.Format.Calls.SelectMany(call => call.Markers).Append(grammar.Format.Reasoning?.End ?? "<|end|>").Distinct().SelectMany(marker => new[] { marker, "\n" + marker }).Select(Encoding.UTF8.GetBytes).Where(marker => marker.Length > 1);
        var vocabulary = new GrammarVocabulary(TokenTrie.Of([.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), [], .. markers], [256]));
        var generator = new RandomOutput(vocabulary, new Random(count)) { TakesMarkersToEnd = true };
        var automaton = Compile(grammar);
        return Enumerable.Range(0, count).Select(run => generator.Generate(automaton, numFree: 5 * run));
    }

    private static ChatReply Read(ChatGrammar grammar, PromptText prompt, string output)
    {
        var parser = new ChatOutputParser(grammar.Format, Tools, prompt, new Random(1));
        var events = new List<ChatOutputEvent>();
        parser.Feed(output, isControl: false, events);
        parser.Finish(events);
        Assert.DoesNotContain(events, item => item.Kind is ChatOutputKind.CallBroken or ChatOutputKind.CallCut);
        return Outputs.Reply(events);
    }

    private static void AssertFits(ChatToolCall call, string output)
    {
        var schema = Callable.Single(tool => tool.Name == call.Name).Arguments.Source;
        var arguments = JsonElement.Parse(call.Arguments);
        Assert.Equal(JsonValueKind.Object, arguments.ValueKind);
        if (call.Name == "get_w")
        {
            Assert.Equal(JsonValueKind.String, arguments.GetProperty("city").ValueKind);
            Assert.InRange(arguments.GetProperty("days").GetInt32(), 1, 14);
            Assert.True(!arguments.TryGetProperty("unit", out var unit) || unit.GetString() is "celsius" or "kelvin", output);
        }

        Assert.All(arguments.EnumerateObject(), property => Assert.Contains($"\"{property.Name}\"", schema.Text, StringComparison.Ordinal));
    }

    private static string Opened(ChatFormat format, PromptText prompt) => format.OpensReasoning(prompt) ? format.Reasoning!.End : "";

    private static string FirstMarker(ChatFormat format, string whole)
    {
        var last = whole.LastIndexOf("Oslo", StringComparison.Ordinal);
        var call = format.Calls[0] switch
        {
            EitherCalls { WritesOther: true } either => either.Other,
            EitherCalls either => either.Json,
            var other => other,
        };
        if (call is JsonCalls { WritesBare: true })
        {
            return "{\"name\": \"get_w\"";
        }

        var opener = call is HarmonyMessages ? HarmonyMessages.Channel : call.Openers.First(marker => whole.LastIndexOf(marker, last, StringComparison.Ordinal) >= 0);
        return whole[whole.LastIndexOf(opener, last, StringComparison.Ordinal)..];
    }

    private static int LongestMatch(Automaton automaton, string text)
    {
        var state = automaton.Start;
        var longest = 0;
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < bytes.Length && !state.IsLast; i++)
        {
            state = automaton.Step(state, bytes[i]);
            longest = state.Accepts ? i + 1 : longest;
        }

        return Encoding.UTF8.GetString(bytes.AsSpan(0, longest)).Length;
    }
}
