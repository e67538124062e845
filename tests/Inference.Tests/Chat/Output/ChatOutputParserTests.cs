using System.Text.Json;
using InferenceServer.Inference.Chat.Output;

namespace InferenceServer.Inference.Tests.Chat.Output;

public sealed class ChatOutputParserTests
{
    [Theory]
    // No call where the format is right and the text is an answer.
    [InlineData("llama-3", """{"answer": 42}""", """Content({"answer": 42})""")]
    [InlineData("llama-3", """{"name": "Bob", "age": 7}""", """Content({"name": "Bob", "age": 7})""")]
    [InlineData("llama-3", """Look: {"name": "ping", "parameters": {}}""", """Content(Look: {"name": "ping", "parameters": {}})""")]
    [InlineData("llama-3", "<|python_tag|>print(1)", "Content(<|python_tag|>print(1))")]
    [InlineData("functionary-v3.1", "<function=other>{}</function>", "Content(<function=other>{}</function>)")]
    [InlineData("functionary-v3.2", "a\n>>> print(1)\n1", "Content(a\n>>> print(1)\n1)")]
    [InlineData("qwen3-coder", "Write <function=f> here", "Content(Write <function=f> here)")]
    // Text parted by the format's own markers.
    [InlineData("command-r7b", "<|START_THINKING|>T<|END_THINKING|><|START_RESPONSE|>Hi<|END_RESPONSE|>", "Reasoning(T) Content(Hi)")]
    [InlineData("granite-3", "<think>T</think><response>Hi</response>", "Reasoning(T) Content(Hi)")]
    [InlineData("granite-3", "Say <response>", "Content(Say <response>)")]
    [InlineData("harmony", "<|channel|>analysis<|message|>T<|end|><|start|>assistant<|channel|>final<|message|>Hi<|return|>", "Reasoning(T) Content(Hi)")]
    [InlineData("harmony", "Hi", "Content(Hi)")]
    [InlineData("functionary-v3.2", ">>>all\nHi >>>ping\n{}", "Content(Hi) Started(0, ping) CallArguments({}) CallEnded")]
    // Space belongs to markers, or to the text.
    [InlineData("hermes", "\n\nHi \n", "Content(\n\nHi \n)")]
    [InlineData("hermes", "<think>\n\n</think>\n\nHi\n", "Content(Hi\n)")]
    [InlineData("hermes", "The <think> tag", "Content(The <think> tag)")]
    [InlineData("hermes", "", "")]
    // A thought without end.
    [InlineData("hermes", "<think>Hm, ", "Reasoning(Hm,)")]
    // Calls as small models write them.
    [InlineData("hermes", """<tool_call>{"name": "ping"}</tool_call>""", "Started(0, ping) CallArguments({}) CallEnded")]
    [InlineData("hermes", """<tool_call>{"name": "ping", "arguments": null}</tool_call>""", "Started(0, ping) CallArguments({}) CallEnded")]
    [InlineData("hermes", """<tool_call>{"name": "ping", "arguments": "{\"a\": \"\\u00fc\"}"}</tool_call>""", """Started(0, ping) CallArguments({"a": "\u00fc"}) CallEnded""")]
    [InlineData("hermes", """<tool_call>{"name": "ping", "arguments": {"a": 1}</tool_call>""", """Started(0, ping) CallArguments({"a": 1}) CallEnded""")]
    [InlineData("hermes", """<tool_call>{'name': 'ping', 'arguments': {'a': True, 'b': ('x "y"', None,)}}</tool_call>""", """Started(0, ping) CallArguments({"a": true, "b": ["x \"y\"", null]}) CallEnded""")]
    [InlineData("hermes", "<tool_call>{\"name\": \"ping\", \"arguments\": {\"a\": \"x\ny\\d\\'\"}}</tool_call>", """Started(0, ping) CallArguments({"a": "x\ny\\d'"}) CallEnded""")]
    [InlineData("mistral", "[TOOL_CALLS]ping[ARGS]{}", "Started(0, ping) CallArguments({}) CallEnded")]
    [InlineData("qwen3-coder", "<tool_call>\n<function=ping>\n</function>\n</tool_call>", "Started(0, ping) CallArguments({}) CallEnded")]
    [InlineData("qwen3-coder", "<tool_call>\n<function=ping>\n</tool_call>", "Started(0, ping) CallArguments({}) CallEnded")]
    [InlineData("glm-4", "<tool_call>ping</tool_call>", "Started(0, ping) CallArguments({}) CallEnded")]
    [InlineData("gemma-4", "<|tool_call>call:ping{}<tool_call|>", "Started(0, ping) CallArguments({}) CallEnded")]
    [InlineData("lfm2", "<|tool_call_start|>[ping()]<|tool_call_end|>", "Started(0, ping) CallArguments({}) CallEnded")]
    [InlineData("kimi-k2", "<|tool_call_begin|>functions.ping:3<|tool_call_argument_begin|>{}<|tool_call_end|>", "Started(0, ping) CallArguments({}) CallEnded")]
    // No call: all of it is content.
    [InlineData("hermes", "<tool_call>\nnonsense\n</tool_call>", "Content(<tool_call>\nnonsense\n</tool_call>)")]
    [InlineData("hermes", """<tool_call>{"arguments": {"a": 1}}</tool_call>""", """Content(<tool_call>{"arguments": {"a": 1}}</tool_call>)""")]
    [InlineData("hermes", """<tool_call>{"name": "ping", "argments": {"a": 1}}</tool_call>""", """Content(<tool_call>{"name": "ping", "argments": {"a": 1}}</tool_call>)""")]
    [InlineData("hermes", """<tool_call>{"name": "ping", "arguments": "no object"}</tool_call>""", """Content(<tool_call>{"name": "ping", "arguments": "no object"}</tool_call>)""")]
    [InlineData("hermes", """<tool_call><tool_call>{"name": "ping"}</tool_call>""", """Content(<tool_call>) Started(0, ping) CallArguments({}) CallEnded""")]
    [InlineData("mistral", "[TOOL_CALLS]no name at all", "Content([TOOL_CALLS]no name at all)")]
    [InlineData("kimi-k2", "<|tool_calls_section_begin|>Hm", "Content(<|tool_calls_section_begin|>Hm)")]
    // Calls that break, and that the output's end cuts off.
    [InlineData("hermes", "Hm <tool_call>{\"name\": \"ping\", \"arguments\": {\"a\": oops}}</tool_call>",
        "Content(Hm) Started(0, ping) CallArguments({\"a\": oops) CallBroken( <tool_call>{\"name\": \"ping\", \"arguments\": {\"a\": oops) Content(}}</tool_call>)")]
    [InlineData("hermes", """<tool_call>{"name": "ping", "arguments": {"a": "b\u00""", """Started(0, ping) CallArguments({"a": "b\u00) CallCut""")]
    [InlineData("hermes", """<tool_call>{"name": "ping", "arguments": {"a": 1}}</tool_""", """Started(0, ping) CallArguments({"a": 1}) CallEnded""")]
    [InlineData("hermes", """<tool_call>{"name": "pi""", """Content(<tool_call>{"name": "pi)""")]
    [InlineData("qwen3-coder", "<tool_call>\n<function=get_w>\n<parameter=city>\nOs", """Started(0, get_w) CallArguments({"city": "Os) CallCut""")]
    [InlineData("qwen3-coder", "<tool_call>\n<function=get_w>\n<parameter=days>\n12", """Started(0, get_w) CallArguments({"days": 12) CallCut""")]
    public void Parse_Output_GivesEvents(string format, string output, string expected)
    {
        Assert.Equal(expected, Outputs.Describe(Outputs.Parse(Outputs.Format(format), output)));
        Assert.Equal(expected, Outputs.Describe(Outputs.Parse(Outputs.Format(format), output.Select(c => (c.ToString(), false)))));
    }

    [Theory]
    [InlineData("city", "Oslo", "\"Oslo\"")]
    [InlineData("city", "3", "\"3\"")]
    [InlineData("city", "true", "\"true\"")]
    [InlineData("city", "", "\"\"")]
    [InlineData("city", " a \n\nb\n", "\" a \\n\\nb\\n\"")]
    [InlineData("city", "say \"hi\" \\ </b> \u00FC \U0001F600\t", "\"say \\\"hi\\\" \\\\ </b> \u00FC \U0001F600\\t\"")]
    [InlineData("days", "3", "3")]
    [InlineData("days", "-1.5e3", "-1.5e3")]
    [InlineData("days", "many", "\"many\"")]
    [InlineData("days", "007", "\"007\"")]
    [InlineData("hourly", "False", "false")]
    [InlineData("hourly", "yes", "\"yes\"")]
    [InlineData("opts", "{\"k\": [1, \"a\"]}", "{\"k\": [1, \"a\"]}")]
    [InlineData("opts", "{'k': [1, 'it''s'], 'n': None}", "\"{'k': [1, 'it''s'], 'n': None}\"")]
    [InlineData("opts", "{'k': (1, \"it's\"), 'n': None}", "{\"k\": [1, \"it's\"], \"n\": null}")]
    [InlineData("list", "[]", "[]")]
    [InlineData("list", "{\"a\": 1}", "\"{\\\"a\\\": 1}\"")]
    [InlineData("note", "None", "null")]
    [InlineData("note", "later", "\"later\"")]
    [InlineData("any", "3", "3")]
    [InlineData("any", "three", "\"three\"")]
    [InlineData("unknown", "[1]", "[1]")]
    public void Parse_ArgumentInTags_GetsItsTypeFromTheSchema(string argument, string written, string expected)
    {
        var outputs = new Dictionary<string, string>
        {
            ["qwen3-coder"] = $"<tool_call>\n<function=get_w>\n<parameter={argument}>\n{written}\n</parameter>\n</function>\n</tool_call>",
            ["seed-oss"] = $"<seed:tool_call><function=get_w><parameter={argument}>{written}</parameter></function></seed:tool_call>",
            ["minimax-m2"] = $"<minimax:tool_call>\n<invoke name=\"get_w\">\n<parameter name=\"{argument}\">{written}</parameter>\n</invoke>\n</minimax:tool_call>",
            ["glm-4"] = $"<tool_call>get_w\n<arg_key>{argument}</arg_key>\n<arg_value>{written}</arg_value>\n</tool_call>",
        };
        foreach (var (format, output) in outputs)
        {
            var call = Assert.Single(Outputs.Reply(Outputs.Parse(Outputs.Format(format), output)).Calls);

            Assert.Equal($"{{\"{argument}\": {expected}}}", call.Arguments);
        }
    }

    [Fact]
    public void Parse_TextArgumentInTags_Streams()
    {
        var parser = new ChatOutputParser(Outputs.Format("qwen3-coder"), Outputs.Tools, Inference.Models.PromptText.Trusted(""), new Random(1));
        var events = new List<ChatOutputEvent>();
        parser.Feed("<tool_call>\n<function=get_w>\n<parameter=city>\nOs", isControl: false, events);
        parser.Feed("lo", isControl: false, events);

        Assert.Equal("Started(0, get_w) CallArguments({\"city\": \"Os) CallArguments(lo)", Outputs.Describe(events));
    }

    [Theory]
    [InlineData("mistral", "[TOOL_CALLS]ping[CALL_ID]abcdefgh0[ARGS]{}", "^abcdefgh0$")]
    [InlineData("mistral", "[TOOL_CALLS]ping[ARGS]{}", "^[0-9A-Za-z]{9}$")]
    [InlineData("kimi-k2", "<|tool_call_begin|>functions.ping:3<|tool_call_argument_begin|>{}", "^functions\\.ping:3$")]
    [InlineData("command-r7b", """<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "ping", "parameters": {}}]""", "^0$")]
    [InlineData("solar", "<|tool_call:begin|>x1<|tool_call:name|>ping<|tool_call:args|>{}<|tool_call:end|>", "^x1$")]
    [InlineData("hermes", """<tool_call>{"name": "ping", "arguments": {}}</tool_call>""", "^call_[0-9A-Za-z]{24}$")]
    public void Parse_Call_HasTheFormatsIdOrANewOne(string format, string output, string expected) =>
        Assert.Matches(expected, Assert.Single(Outputs.Reply(Outputs.Parse(Outputs.Format(format), output)).Calls).Id);

    [Fact]
    public void Parse_EndOfAThoughtThatTheModelDidNotOpen_MovesTheContentOfAWholeReply()
    {
        var format = Outputs.Format("hermes", isThoughtInTemplate: true);

        var events = Outputs.Parse(format, "Let me see.\n</think>\n\nHi </think>");

        Assert.Equal("Content(Let me see.) ContentWasReasoning Content(Hi </think>)", Outputs.Describe(events));
        Assert.Equal(("Let me see.", "Hi </think>"), (Outputs.Reply(events).Reasoning, Outputs.Reply(events).Content));
        Assert.Equal("Content(Hi)", Outputs.Describe(Outputs.Parse(format, "</think>Hi")));
    }

    [Fact]
    public void Parse_PromptThatClosedTheThought_LeavesItsMarkersInContent()
    {
        var format = Outputs.Format("hermes", isThoughtInTemplate: true);

        Assert.Equal("Content(A </think> tag)", Outputs.Describe(Outputs.Parse(format, "A </think> tag", "assistant\n<think>\n\n</think>\n\n")));
    }

    [Theory]
    [InlineData("hermes", "So.\n<tool_call>{\"name\": \"ping\", \"arguments\": {\"a\": oops}}</tool_call>\nEnd")]
    [InlineData("qwen3-coder", "So.\n<tool_call>\n<function=get_w>\n<parameter=city>\nOslo\n</parameter>\noops\n</function>\n</tool_call>\nEnd")]
    [InlineData("deepseek", "So.\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>ping<｜tool▁sep｜>{\"a\": 1,,}<｜tool▁call▁end｜><｜tool▁calls▁end｜>End")]
    [InlineData("gemma-4", "So.\n<|tool_call>call:ping{a:<|\"|>x<|\"|>;}<tool_call|>End")]
    [InlineData("lfm2", "So.\n<|tool_call_start|>[ping(a=1, 2)]<|tool_call_end|>End")]
    public void Reply_BrokenCall_IsContentAsItWasWritten(string format, string output)
    {
        var reply = Outputs.Reply(Outputs.Parse(Outputs.Format(format), output));

        Assert.Empty(reply.Calls);
        Assert.Equal(output, reply.Content);
    }

    [Fact]
    public void Feed_ControlTokenThatIsNoMarker_IsNoText()
    {
        var events = Outputs.Parse(Outputs.Format("hermes"), [("Hi", false), ("<|im_end|>", true), (" you", false)]);

        Assert.Equal("Content(Hi you)", Outputs.Describe(events));
    }

    [Fact]
    public void Feed_TextThatCannotBeAMarker_LeavesAtOnce()
    {
        var parser = new ChatOutputParser(Outputs.Format("hermes"), Outputs.Tools, Inference.Models.PromptText.Trusted(""), new Random(1));
        var seen = new List<string>();
        foreach (var text in new[] { "Hel", "lo", " <", "b>", " <tool", "s" })
        {
            var events = new List<ChatOutputEvent>();
            parser.Feed(text, isControl: false, events);
            seen.Add(string.Concat(events.Select(item => item.Text)));
        }

        Assert.Equal(["Hel", "lo", "", " <b>", "", " <tools"], seen);
    }

    [Theory]
    // No marker follows content.
    [InlineData("hermes", false, false, "", "Hi", "\n\n")]
    [InlineData("generic", false, false, "", "Hi", "\n\n")]
    [InlineData("hermes", false, true, "assistant\n<think>\n\n</think>\n\n", "Hi", "\n\n")]
    [InlineData("hermes", false, true, "", "<think>So</think>Hi", "\n\n")]
    [InlineData("granite-3", false, false, "", "Hi", "\n\n")]
    // A call, the end or the start of a thought, or the end of the answer may.
    [InlineData("hermes", true, false, "", "Hi", "")]
    [InlineData("hermes", false, true, "", "Hi", "")]
    [InlineData("hermes", false, false, "", "<think>So", "")]
    [InlineData("command-r7b", false, false, "", "Hi", "")]
    [InlineData("gemma-4", false, false, "", "Hi", "")]
    [InlineData("granite-3", false, false, "", "<think>So</think>Hi", "")]
    [InlineData("harmony", false, false, "", "<|channel|>final<|message|>Hi", "")]
    // A thought may come first.
    [InlineData("hermes", false, false, "", "", "")]
    public void Feed_SpaceBehindText_LeavesAtOnceUnlessAMarkerMayFollow(string formatName, bool hasTools, bool isThoughtInTemplate, string promptEnd, string text, string expected)
    {
        var format = Outputs.Format(formatName, isThoughtInTemplate);
        var parser = new ChatOutputParser(format, hasTools ? Outputs.Tools : [], Inference.Models.PromptText.Trusted(promptEnd), new Random(1));
        parser.Feed(text, isControl: false, []);
        var events = new List<ChatOutputEvent>();
        parser.Feed("\n", isControl: false, events);
        parser.Feed("\n", isControl: false, events);

        Assert.Equal(expected, string.Concat(events.Select(item => item.Text)));
    }

    [Theory]
    [InlineData("hermes", true, false, "Let me see. \n</think>\n\nHi \n", "Content(Let me see.) ContentWasReasoning Content(Hi \n)")]
    [InlineData("gemma-4", false, false, "Hi \n\n<|channel>thought\nR<channel|>Done", "Content(Hi) Reasoning(R) Content(Done)")]
    [InlineData("command-r7b", false, true, "<|START_RESPONSE|>Hi \n<|END_RESPONSE|>", "Content(Hi)")]
    [InlineData("granite-3", false, false, "<think>T</think><response>Hi \n</response>", "Reasoning(T) Content(Hi)")]
    public void Parse_MarkerBehindSpaceWithoutTools_DropsTheSpace(string formatName, bool isThoughtInTemplate, bool hasThoughtsInText, string output, string expected)
    {
        var format = Outputs.Format(formatName, isThoughtInTemplate);
        format = hasThoughtsInText ? format.WithThoughtsInText() : format;

        Assert.Equal(expected, Outputs.Describe(Outputs.Parse(format, output.Select(c => (c.ToString(), false)), tools: [])));
    }

    [Fact]
    public void Parse_DeeplyNestedArguments_Break()
    {
        var output = "<tool_call>{\"name\": \"ping\", \"arguments\": " + string.Concat(Enumerable.Repeat("{\"a\":", 100_000));

        Assert.Contains(Outputs.Parse(Outputs.Format("hermes"), output), item => item.Kind == ChatOutputKind.CallBroken);
    }

    [Fact]
    public void Parse_SchemaWithReferencesAndChoices_FindsTypes()
    {
        var tools = JsonElement.Parse(
            """
            [{"type": "function", "function": {"name": "f", "parameters": {
              "$defs": {"Id": {"type": "string"}, "Loop": {"$ref": "#/$defs/Loop"}},
              "allOf": [{"properties": {"inner": {"type": "string"}}}],
              "properties": {
                "ref": {"$ref": "#/$defs/Id"}, "any": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "enum": {"enum": ["1", "2"]},
                "const": {"const": 1}, "nullable": {"type": "string", "nullable": true}, "loop": {"$ref": "#/$defs/Loop"}}}}}]
            """);
        var set = new ToolSet([.. tools.EnumerateArray()]);

        Assert.Equal(ArgumentTypes.Text, set.TypesOf("f", "ref"));
        Assert.Equal(ArgumentTypes.Text | ArgumentTypes.Number, set.TypesOf("f", "any"));
        Assert.Equal(ArgumentTypes.Text, set.TypesOf("f", "enum"));
        Assert.Equal(ArgumentTypes.Number, set.TypesOf("f", "const"));
        Assert.Equal(ArgumentTypes.Text | ArgumentTypes.Null, set.TypesOf("f", "nullable"));
        Assert.Equal(ArgumentTypes.Text, set.TypesOf("f", "inner"));
        Assert.Equal(ArgumentTypes.None, set.TypesOf("f", "loop"));
        Assert.Equal(ArgumentTypes.None, set.TypesOf("f", "none"));
        Assert.Equal(ArgumentTypes.None, set.TypesOf("g", "ref"));
    }
}
