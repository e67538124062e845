using System.Text.Json;
using InferenceServer.Integration.Tests.Grammar;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>
/// A hundred calls that had to be made and a hundred answers that had to fit a schema, by the embedded model at temperature 1, which knows nothing of either:
/// all of them fit, says a validator that is not ours.
/// </summary>
[Collection(ClientCollection.Name)]
public sealed class ForcedAnswerTests(ClientCollection.Fixture fixture)
{
    private const int NumAnswers = 100;
    private const int NumAtOnce = 8;

    // Short ones: what is shown is that all fit, not how much the model can write.
    private static readonly (string Name, string Schema)[] Tools =
    [
        ("get_weather", """{"type":"object","properties":{"city":{"enum":["Oslo","Rome","São Paulo"]},"days":{"type":"integer","minimum":1,"maximum":14}},"required":["city","days"],"additionalProperties":false}"""),
        ("set_alarm", """{"type":"object","properties":{"time":{"type":"string","pattern":"^([01]\\d|2[0-3]):[0-5]\\d$"},"repeats":{"type":"boolean"}},"required":["time","repeats"],"additionalProperties":false}"""),
        ("order", """{"type":"object","properties":{"items":{"type":"array","minItems":1,"maxItems":2,"items":{"$ref":"#/$defs/item"}}},"required":["items"],"additionalProperties":false,"$defs":{"item":{"type":"object","properties":{"name":{"type":"string","maxLength":6},"count":{"anyOf":[{"type":"integer","minimum":1,"maximum":99},{"type":"null"}]}},"required":["name","count"],"additionalProperties":false}}}"""),
    ];

    private static readonly string[] Schemas =
    [
        """{"type":"object","properties":{"name":{"type":"string","maxLength":8},"age":{"type":"integer","minimum":0,"maximum":120},"mood":{"enum":["good","bad",null]}},"required":["name","age","mood"],"additionalProperties":false}""",
        """{"type":"object","properties":{"born":{"type":"string","format":"date"},"tags":{"type":"array","items":{"enum":["a","b","c"]},"maxItems":3}},"required":["born","tags"],"additionalProperties":false}""",
        """{"type":"object","properties":{"shape":{"anyOf":[{"type":"object","properties":{"kind":{"const":"circle"},"radius":{"type":"integer","exclusiveMinimum":0,"maximum":500}},"required":["kind","radius"],"additionalProperties":false},{"type":"object","properties":{"kind":{"const":"square"},"side":{"type":"integer","multipleOf":5,"minimum":0,"maximum":100}},"required":["kind","side"],"additionalProperties":false}]}},"required":["shape"],"additionalProperties":false}""",
    ];

    [SkippableFact]
    public async Task Calls_ForcedAHundredTimes_AllFitTheirSchema()
    {
        var missing = SchemaJudge.WhyMissing();
        Skip.If(missing is not null, missing);
        var tools = Tools.Select(tool => new { type = "function", function = new { name = tool.Name, parameters = JsonElement.Parse(tool.Schema) } }).ToArray();
        var calls = await RunAsync(async seed =>
        {
            // By turns: a tool by its name, or any tool; whole, or as a stream.
            var named = Tools[seed % Tools.Length].Name;
            var isNamed = seed % 4 < 2;
            var body = Chats.Body(
                "Do something useful.", ("tools", tools), ("temperature", 1), ("seed", seed), ("max_tokens", 100), ("parallel_tool_calls", false),
                ("tool_choice", isNamed ? new { type = "function", function = new { name = named } } : "required"));
            var (name, arguments) = seed % 2 == 0 ? await WholeCallAsync(body) : await StreamedCallAsync(body);
            Assert.Equal(isNamed ? named : name, name);
            return (Tools.Single(tool => tool.Name == name).Schema, arguments);
        });

        await AssertFitAsync(calls);
        Assert.True(calls.Select(call => call.Text).Distinct().Count() > NumAnswers / 4);
    }

    [SkippableFact]
    public async Task Answers_ToASchemaAHundredTimes_AllFitIt()
    {
        var missing = SchemaJudge.WhyMissing();
        Skip.If(missing is not null, missing);
        var answers = await RunAsync(async seed =>
        {
            var schema = Schemas[seed % Schemas.Length];
            var body = Chats.Body(
                "Describe something.", ("temperature", 1), ("seed", seed), ("max_tokens", 100),
                ("response_format", new { type = "json_schema", json_schema = new { name = "answer", strict = true, schema = JsonElement.Parse(schema) } }));
            if (seed % 3 > 0)
            {
                var choice = (await fixture.Server.AnswerAsync(body)).GetProperty("choices")[0];
                Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
                return (schema, choice.GetProperty("message").GetProperty("content").GetString()!);
            }

            var chunks = await Sse.ChatAsync(fixture.Server, body);
            Assert.Equal("stop", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
            return (schema, Sse.Text(chunks));
        });

        await AssertFitAsync(answers);
        Assert.True(answers.Select(answer => answer.Text).Distinct().Count() > NumAnswers / 2);
    }

    private static async Task<(string Schema, string Text)[]> RunAsync(Func<int, Task<(string Schema, string Text)>> answer)
    {
        var answers = new (string, string)[NumAnswers];
        await Parallel.ForAsync(0, NumAnswers, new ParallelOptions { MaxDegreeOfParallelism = NumAtOnce }, async (seed, _) => answers[seed] = await answer(seed));
        return answers;
    }

    private static async Task AssertFitAsync((string Schema, string Text)[] answers)
    {
        var groups = answers.GroupBy(answer => answer.Schema, answer => answer.Text).Select(group => (group.Key, Texts: (IReadOnlyList<string>)[.. group])).ToArray();
        var verdicts = await SchemaJudge.JudgeAsync(groups);
        Assert.Equal(NumAnswers, verdicts.Sum(texts => texts.Length));
        Assert.Empty(groups.Zip(verdicts).SelectMany(pair => pair.First.Texts.Zip(pair.Second).Where(item => item.Second is not null)));
    }

    private async Task<(string Name, string Arguments)> WholeCallAsync(Dictionary<string, object?> body)
    {
        var choice = (await fixture.Server.AnswerAsync(body)).GetProperty("choices")[0];
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("message").GetProperty("content").ValueKind);
        var calls = choice.GetProperty("message").GetProperty("tool_calls");
        Assert.Equal(1, calls.GetArrayLength());
        var function = calls[0].GetProperty("function");
        return (function.GetProperty("name").GetString()!, function.GetProperty("arguments").GetString()!);
    }

    private async Task<(string Name, string Arguments)> StreamedCallAsync(Dictionary<string, object?> body)
    {
        var chunks = await Sse.ChatAsync(fixture.Server, body);
        Assert.Equal("tool_calls", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        var deltas = Sse.Deltas(chunks).Where(delta => delta.TryGetProperty("tool_calls", out _)).Select(delta => delta.GetProperty("tool_calls")[0]).ToArray();
        Assert.All(deltas, delta => Assert.Equal(0, delta.GetProperty("index").GetInt32()));

        // Id, type and name once, at the beginning: clients put repeated ones together.
        Assert.All(deltas[1..], delta => Assert.Equal(["index", "function"], delta.EnumerateObject().Select(member => member.Name)));
        Assert.Equal("function", deltas[0].GetProperty("type").GetString());
        var arguments = string.Concat(deltas.Select(delta => delta.GetProperty("function").TryGetProperty("arguments", out var part) ? part.GetString() : null));
        return (deltas[0].GetProperty("function").GetProperty("name").GetString()!, arguments);
    }
}
