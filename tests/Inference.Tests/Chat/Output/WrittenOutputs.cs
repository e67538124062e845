namespace InferenceServer.Inference.Tests.Chat.Output;

/// <summary>
/// What models write, format by format, as their templates render it: a thought (RRR), and two calls of get_w. The end-of-turn
/// token is not part of it.
/// </summary>
internal static class WrittenOutputs
{
    private const string Json = """{"city": "Oslo", "days": 3, "hourly": true, "opts": {"k": [1, "a"]}, "note": null}""";

    private const string Hermes = $$"""
        <tool_call>
        {"name": "get_w", "arguments": {{Json}}}
        </tool_call>
        """;

    private const string XmlOnLines = """
        <tool_call>
        <function=get_w>
        <parameter=city>
        Oslo
        </parameter>
        <parameter=days>
        3
        </parameter>
        <parameter=hourly>
        True
        </parameter>
        <parameter=opts>
        {"k": [1, "a"]}
        </parameter>
        <parameter=note>
        None
        </parameter>
        </function>
        </tool_call>
        """;

    private const string Seed = """
        <seed:tool_call>
        <function=get_w>
        <parameter=city>Oslo</parameter>
        <parameter=days>3</parameter>
        <parameter=hourly>True</parameter>
        <parameter=opts>{'k': [1, 'a']}</parameter>
        <parameter=note>None</parameter>
        </function>
        </seed:tool_call>
        """;

    private const string Glm46 = """
        <tool_call>get_w
        <arg_key>city</arg_key>
        <arg_value>Oslo</arg_value>
        <arg_key>days</arg_key>
        <arg_value>3</arg_value>
        <arg_key>hourly</arg_key>
        <arg_value>true</arg_value>
        <arg_key>opts</arg_key>
        <arg_value>{"k": [1, "a"]}</arg_value>
        <arg_key>note</arg_key>
        <arg_value>null</arg_value>
        </tool_call>
        """;

    private const string Glm47 =
        "<tool_call>get_w<arg_key>city</arg_key><arg_value>Oslo</arg_value><arg_key>days</arg_key><arg_value>3</arg_value>"
        + "<arg_key>hourly</arg_key><arg_value>true</arg_value><arg_key>opts</arg_key><arg_value>{\"k\": [1, \"a\"]}</arg_value>"
        + "<arg_key>note</arg_key><arg_value>null</arg_value></tool_call>";

    private const string MiniMaxInvoke = """
        <invoke name="get_w">
        <parameter name="city">Oslo</parameter>
        <parameter name="days">3</parameter>
        <parameter name="hourly">true</parameter>
        <parameter name="opts">{"k": [1, "a"]}</parameter>
        <parameter name="note">null</parameter>
        </invoke>
        """;

    private const string DsmlInvoke = """
        <｜DSML｜invoke name="get_w">
        <｜DSML｜parameter name="city" string="true">Oslo</｜DSML｜parameter>
        <｜DSML｜parameter name="days" string="false">3</｜DSML｜parameter>
        <｜DSML｜parameter name="hourly" string="false">true</｜DSML｜parameter>
        <｜DSML｜parameter name="opts" string="false">{"k": [1, "a"]}</｜DSML｜parameter>
        <｜DSML｜parameter name="note" string="false">null</｜DSML｜parameter>
        </｜DSML｜invoke>
        """;

    private const string DeepSeekR1Call = $"<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_w\n```json\n{Json}\n```<｜tool▁call▁end｜>";

    private const string DeepSeekV31Call = $"<｜tool▁call▁begin｜>get_w<｜tool▁sep｜>{Json}<｜tool▁call▁end｜>";

    private const string GemmaCall =
        "<|tool_call>call:get_w{city:<|\"|>Oslo<|\"|>,days:3,hourly:true,note:None,opts:{k:[1,<|\"|>a<|\"|>]}}<tool_call|>";

    private const string Pythonic = "get_w(city='Oslo', days=3, hourly=True, opts={\"k\": [1, \"a\"]}, note=None)";

    private const string HunyuanCall = """
        <tool_call:opensource>get_w<tool_sep:opensource>
        <arg_key:opensource>city</arg_key:opensource>
        <arg_value:opensource>Oslo</arg_value:opensource>
        <arg_key:opensource>days</arg_key:opensource>
        <arg_value:opensource>3</arg_value:opensource>
        <arg_key:opensource>hourly</arg_key:opensource>
        <arg_value:opensource>true</arg_value:opensource>
        <arg_key:opensource>opts</arg_key:opensource>
        <arg_value:opensource>{"k": [1, "a"]}</arg_value:opensource>
        <arg_key:opensource>note</arg_key:opensource>
        <arg_value:opensource>null</arg_value:opensource>
        </tool_call:opensource>
        """;

    /// <summary>Name of the case, name of the format, what the prompt ends with, what the model writes.</summary>
    public static readonly (string Name, string Format, string PromptEnd, string Output)[] TwoCalls =
    [
        ("Hermes", "hermes", "", $"{Hermes}\n{Hermes}"),
        ("Qwen3", "hermes", "<|im_start|>assistant\n", $"<think>\nRRR\n</think>\n\n{Hermes}\n{Hermes}"),
        ("QwQ, opened by the prompt", "hermes", "<|im_start|>assistant\n<think>\n", $"RRR\n</think>\n\n{Hermes}\n{Hermes}"),
        ("Reka", "hermes", "", $"<think>\nRRR\n</think>\n\n{Hermes}{Hermes}"),
        ("Qwen3-Coder", "qwen3-coder", "", $"{XmlOnLines}\n{XmlOnLines}"),
        ("Qwen3.5", "qwen3-coder", "assistant\n<think>\n", $"RRR\n</think>\n\n{XmlOnLines}\n{XmlOnLines}"),
        ("StepFun", "qwen3-coder", "assistant\n<think>\n", $"RRR\n</think>\n{XmlOnLines}{XmlOnLines}"),
        ("Qwen3-Coder without section", "qwen3-coder", "", XmlOnLines.Replace("<tool_call>\n", "", StringComparison.Ordinal) + "\n" + XmlOnLines),
        ("Qwen3-Coder, calls in JSON", "qwen3-coder", "", $"{Hermes}\n{Hermes}"),
        ("Seed-OSS", "seed-oss", "", $"<seed:think>RRR</seed:think>{Seed}\n{Seed}"),
        ("Llama 3", "llama-3", "", $$"""{"name": "get_w", "parameters": {{Json}}}; {"name": "get_w", "parameters": {{Json}}}"""),
        ("Llama 3, lines", "llama-3", "", $$"""{"type": "function", "name": "get_w", "parameters": {{Json}}}{{"\n"}}{"name": "get_w", "parameters": {{Json}}}"""),
        ("Llama 3, python tag", "llama-3", "", $$"""<|python_tag|>{"name": "get_w", "parameters": {{Json}}}<|python_tag|>{{Pythonic.Replace("get_w(", "get_w.call(", StringComparison.Ordinal)}}"""),
        ("Mistral Nemo", "mistral", "", $$"""[TOOL_CALLS][{"name": "get_w", "arguments": {{Json}}, "id": "abcdefgh0"}, {"name": "get_w", "arguments": {{Json}}, "id": "abcdefgh1"}]"""),
        ("Mistral Small 3.2", "mistral", "", $"[TOOL_CALLS]get_w[CALL_ID]abcdefgh0[ARGS]{Json}[TOOL_CALLS]get_w[CALL_ID]abcdefgh1[ARGS]{Json}"),
        ("Devstral", "mistral", "", $"[TOOL_CALLS]get_w[ARGS]{Json}[TOOL_CALLS]get_w[ARGS]{Json}"),
        ("Magistral", "mistral", "", $"[THINK]RRR[/THINK][TOOL_CALLS]get_w[ARGS]{Json}[TOOL_CALLS]get_w[ARGS]{Json}"),
        ("DeepSeek R1", "deepseek", "<｜Assistant｜><think>\n", $"RRR\n</think>\n\n<｜tool▁calls▁begin｜>{DeepSeekR1Call}\n{DeepSeekR1Call}<｜tool▁calls▁end｜>"),
        ("DeepSeek R1, call in the thought", "deepseek", "<｜Assistant｜><think>\n", $"RRR\n<｜tool▁calls▁begin｜>{DeepSeekR1Call}\n{DeepSeekR1Call}<｜tool▁calls▁end｜>"),
        ("DeepSeek V3.1", "deepseek", "<｜Assistant｜><think>", $"RRR</think><｜tool▁calls▁begin｜>{DeepSeekV31Call}{DeepSeekV31Call}<｜tool▁calls▁end｜>"),
        ("DeepSeek V3.2", "deepseek-dsml", "<｜Assistant｜><think>", $"RRR</think>\n\n<｜DSML｜function_calls>\n{DsmlInvoke}\n{DsmlInvoke}\n</｜DSML｜function_calls>"),
        ("DeepSeek V4", "deepseek-dsml", "<｜Assistant｜><think>", $"RRR</think>\n\n<｜DSML｜tool_calls>\n{DsmlInvoke}\n{DsmlInvoke}\n</｜DSML｜tool_calls>"),
        ("gpt-oss", "harmony", "<|start|>assistant", $"<|channel|>analysis<|message|>RRR<|end|><|start|>assistant<|channel|>commentary to=functions.get_w <|constrain|>json<|message|>{Json}<|call|><|start|>assistant to=functions.get_w<|channel|>commentary json<|message|>{Json}<|call|>"),
        ("gpt-oss, recipient first", "harmony", "<|start|>assistant", $" to=functions.get_w<|channel|>commentary json<|message|>{Json}<|call|><|start|>assistant<|channel|>commentary to=functions.get_w<|message|>{Json}<|call|>"),
        ("GLM 4.6", "glm-4", "<|assistant|>", $"\n<think>RRR</think>\n{Glm46}\n{Glm46}"),
        ("GLM 4.7", "glm-4", "<|assistant|><think>", $"RRR</think>{Glm47}{Glm47}"),
        ("Hunyuan 3", "hunyuan-3", "", $"<think:opensource>RRR</think:opensource><tool_calls:opensource>\n{HunyuanCall}\n{HunyuanCall}\n</tool_calls:opensource>"),
        ("Gemma 4", "gemma-4", "<|turn>model\n", $"<|channel>thought\nRRR\n<channel|>{GemmaCall}{GemmaCall}"),
        ("Kimi K2", "kimi-k2", "", $"<think>RRR</think><|tool_calls_section_begin|><|tool_call_begin|>functions.get_w:0<|tool_call_argument_begin|>{Json}<|tool_call_end|><|tool_call_begin|>functions.get_w:1<|tool_call_argument_begin|>{Json}<|tool_call_end|><|tool_calls_section_end|>"),
        ("MiniMax M2", "minimax-m2", "]~b]ai\n<think>\n", $"RRR\n</think>\n\n\n<minimax:tool_call>\n{MiniMaxInvoke}\n{MiniMaxInvoke}\n</minimax:tool_call>"),
        ("Command R7B", "command-r7b", "<|CHATBOT_TOKEN|>", $$"""<|START_THINKING|>RRR<|END_THINKING|><|START_ACTION|>[{{"\n"}}    {"tool_call_id": "0", "tool_name": "get_w", "parameters": {{Json}}},{{"\n"}}    {"tool_call_id": "1", "tool_name": "get_w", "parameters": {{Json}}}{{"\n"}}]<|END_ACTION|>"""),
        ("Granite 3.3", "granite-3", "", $$"""<|tool_call|>[{"name": "get_w", "arguments": {{Json}}}, {"arguments": {{Json}}, "name": "get_w"}]"""),
        ("LFM2", "lfm2", "", $"<think>RRR</think><|tool_call_start|>[{Pythonic}, {Pythonic}]<|tool_call_end|>"),
        ("LFM2, calls in JSON", "lfm2", "", $$"""<|tool_call_start|>[{"name": "get_w", "arguments": {{Json}}}, {"name": "get_w", "arguments": {{Json}}}]<|tool_call_end|>"""),
        ("Functionary 3.1", "functionary-v3.1", "", $"<function=get_w>{Json}</function><function=get_w>{Json}</function>"),
        ("Functionary 3.2", "functionary-v3.2", "assistant\n\n>>>", $"get_w\n{Json}>>>get_w\n{Json}"),
        ("SmolLM3", "hermes", "assistant\n", $$"""<think>RRR</think><tool_call>{"name": "get_w", "arguments": {{Json}}}</tool_call><tool_call>{"name": "get_w", "arguments": {{Json}}}</tool_call>"""),
        ("Solar Open", "solar", "", $"<|tool_calls|><|tool_call:begin|>abcdefgh0<|tool_call:name|>get_w<|tool_call:args|>{Json}<|tool_call:end|><|tool_call:begin|>abcdefgh1<|tool_call:name|>get_w<|tool_call:args|>{Json}<|tool_call:end|><|calls|>"),
        ("Apertus", "apertus", "", $$"""<|tools_prefix|>[{"get_w": {{Json}}}, {"get_w": {{Json}}}]<|tools_suffix|>"""),
        ("Apriel", "tool-calls-list", "", $$"""<tool_calls>[{"name": "get_w", "arguments": {{Json}}, "id": "abcdefgh0"}, {"name": "get_w", "arguments": {{Json}}, "id": "abcdefgh1"}]</tool_calls>"""),
        ("MiniMax M1", "tool-calls-list", "", $$"""<tool_calls>{{"\n"}}{"name": "get_w", "arguments": {{Json}}}{{"\n"}}{"name": "get_w", "arguments": {{Json}}}{{"\n"}}</tool_calls>"""),
        ("Nemotron v2", "nemotron-v2", "assistant\n<think>\n", $$"""RRR</think><TOOLCALL>[{"name": "get_w", "arguments": {{Json}}}, {"name": "get_w", "arguments": {{Json}}}]</TOOLCALL>"""),
        ("GigaChat 3.1", "gigachat-3", "", $$"""<|function_call|>{"name": "get_w", "arguments": {{Json}}}<|function_call|>{"name": "get_w", "arguments": {{Json}}}"""),
        ("Phi-4-mini", "phi-4-mini", "", $$"""functools[{"name": "get_w", "arguments": {{Json}}}, {"name": "get_w", "arguments": {{Json}}}]"""),
        ("generic", "generic", "", $"{Hermes}\n{Hermes}"),
        ("generic, bare", "generic", "", $$"""{"name": "get_w", "arguments": {{Json}}}{{"\n"}}{"name": "get_w", "arguments": {{Json}}}"""),
    ];
}
