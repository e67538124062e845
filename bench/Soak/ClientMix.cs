using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Soak;

/// <summary>All kinds of clients that a server meets.</summary>
/// <param name="client">For those that behave.</param>
/// <param name="slow">For slow readers.</param>
/// <param name="context">Cells of the server.</param>
/// <param name="seed">Of all texts.</param>
/// <param name="controlTokens">Of the model.</param>
internal sealed class ClientMix(SoakClient client, SoakClient slow, int context, int seed, IReadOnlyList<int> controlTokens)
{
    /// <summary>Documents that are asked about: more than memory for prefixes holds, so that they come back from every tier.</summary>
    private const int NumDocuments = 6;

    private const string Chat = "v1/chat/completions";

    private static readonly object Person = new
    {
        type = "object",
        properties = new { name = new { type = "string", maxLength = 24 }, age = new { type = "integer", minimum = 0, maximum = 150 }, city = new { type = "string", maxLength = 24 } },
        required = new[] { "name", "age", "city" },
        additionalProperties = false,
    };

    // Each is refused for a reason of its own.
    private static readonly string[] Malformed =
    [
        "", "{", "[]", "null", "{\"messages\":", "\"hello\"", "{\"messages\":[]}", "{\"messages\":\"hello\"}", "{\"messages\":[{\"role\":\"nobody\",\"content\":\"x\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":7}]}", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"temperature\":\"warm\"}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":-7}", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"n\":1000000000}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"strict\":true,\"schema\":{\"type\":\"nothing\"}}}}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\"}]}", new string('[', 5000),
    ];

    // Words that repeat: what comes next is no close call (each token is over four times as likely as the next one), and so no rounding decides it, whoever shares the step.
    private static readonly Dictionary<string, object?> ProbeBody = new()
    {
        ["prompt"] = string.Join(", ", Enumerable.Repeat("one, two, three, four", 12)),
        ["max_tokens"] = 24,
        ["temperature"] = 0,
        ["ignore_eos"] = true,
        ["cache_prompt"] = false,
    };

    // A control token is no text, and has no log probability: not sampled, every token has one.
    private readonly object[][] _forbidden = [.. controlTokens.Select(token => (object[])[token, false])];
    private readonly string[] _documents = CreateDocuments(seed, words: context / 4);
    private string? _probeText;

    /// <summary>Asked again and again, and always with the same answer: that of its first time.</summary>
    public ClientKind Probe => new("probe", 1, TimeSpan.FromSeconds(5), AskProbeAsync);

    /// <summary>All.</summary>
    public IReadOnlyList<ClientKind> Create() =>
    [
        new("short chats", 3, TimeSpan.FromSeconds(0.5), ChatAsync),
        new("long documents", 2, TimeSpan.FromSeconds(1), AskDocumentAsync),
        new("tools", 1, TimeSpan.FromSeconds(2), CallToolAsync),
        new("schemas", 1, TimeSpan.FromSeconds(2), FillSchemaAsync),
        new("embeddings", 1, TimeSpan.FromSeconds(2), EmbedAsync) { IsText = false },
        new("cancels", 1, TimeSpan.FromSeconds(1), CancelAsync),
        new("slow readers", 1, TimeSpan.FromSeconds(1), ReadSlowlyAsync),
        new("malformed bodies", 1, TimeSpan.FromSeconds(1), SendMalformedAsync) { IsText = false },
        new("over-long prompts", 1, TimeSpan.FromSeconds(5), SendOverLongAsync) { IsText = false },
        new("dead clients", 1, TimeSpan.FromSeconds(1), random => DeadClient.DieAsync(client.Server, Body(Words(random, 20), 32, random), random.Next(2) == 0 ? 1 : random.NextDouble(), 2 * random.NextDouble() * TimeSpan.FromSeconds(1))),
        Probe,
    ];

    // Every token comes with its log probability, so that one that is lost or repeated shows.
    private Task<Outcome> ChatAsync(Random random)
    {
        var numTokens = random.Next(8, 48);
        var body = Body(Words(random, random.Next(4, 60)), numTokens, random);
        body["logprobs"] = true;
        body["logit_bias"] = _forbidden;
        return client.StreamAsync(Chat, body, answer => JudgeLength(answer, numTokens) ?? JudgeLogProbs(answer));
    }

    private Task<Outcome> AskDocumentAsync(Random random)
    {
        var body = Body($"{_documents[random.Next(_documents.Length)]}\n\n{Words(random, 8)}?", 16, random);
        return client.StreamAsync(Chat, body, answer => JudgeLength(answer, 16));
    }

    private Task<Outcome> CallToolAsync(Random random)
    {
        var body = Body($"Save a person who likes {Words(random, 3)}.", 256, random);
        body.Remove("ignore_eos");
        body["tools"] = new[] { new { type = "function", function = new { name = "save", strict = true, parameters = Person } } };
        body["tool_choice"] = "required";
        body["parallel_tool_calls"] = false;
        return client.StreamAsync(Chat, body, answer => JudgePerson(answer.Arguments, answer.FinishReason, whole: "tool_calls"));
    }

    private Task<Outcome> FillSchemaAsync(Random random)
    {
        var body = Body($"Describe a person who likes {Words(random, 3)}.", 256, random);
        body.Remove("ignore_eos");
        body["response_format"] = new { type = "json_schema", json_schema = new { name = "person", strict = true, schema = Person } };
        return client.StreamAsync(Chat, body, answer => JudgePerson(answer.Text, answer.FinishReason, whole: "stop"));
    }

    private async Task<Outcome> EmbedAsync(Random random)
    {
        var inputs = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Words(random, random.Next(4, 60))).ToArray();
        using var content = JsonContent.Create(new { input = inputs });
        return await client.PostAsync("v1/embeddings", content, answer => answer.GetProperty("data").GetArrayLength() == inputs.Length ? null : "Another number of vectors than of texts.");
    }

    private Task<Outcome> CancelAsync(Random random) =>
        client.StreamAsync(Chat, Body(Words(random, random.Next(4, 200)), 400, random), _ => null, leaveAfter: TimeSpan.FromSeconds(3 * random.NextDouble()));

    // With log probabilities of twenty tokens each, more than the buffers between here and there hold.
    private Task<Outcome> ReadSlowlyAsync(Random random)
    {
        var body = Body(Words(random, 20), 64, random);
        body["logprobs"] = true;
        body["logit_bias"] = _forbidden;
        body["top_logprobs"] = 20;
        return slow.StreamAsync(Chat, body, answer => JudgeLength(answer, 64) ?? JudgeLogProbs(answer), pause: TimeSpan.FromMilliseconds(200));
    }

    private async Task<Outcome> SendMalformedAsync(Random random)
    {
        using var content = new StringContent(Malformed[random.Next(Malformed.Length)], Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return await client.PostAsync(Chat, content, _ => "It was taken.");
    }

    private async Task<Outcome> SendOverLongAsync(Random random)
    {
        using var content = JsonContent.Create(Body(Words(random, 2 * context), 16, random));
        return await client.PostAsync(Chat, content, _ => "It was taken.");
    }

    private Task<Outcome> AskProbeAsync(Random random) => client.StreamAsync("v1/completions", ProbeBody, answer =>
    {
        _probeText ??= answer.Text;
        return answer.Text == _probeText ? JudgeLength(answer, 24) : $"'{answer.Text}' instead of '{_probeText}'.";
    });

    private static string? JudgeLength(StreamedAnswer answer, int numTokens) =>
        answer.CompletionTokens == numTokens ? null : $"{answer.CompletionTokens} tokens instead of {numTokens}.";

    private static string? JudgeLogProbs(StreamedAnswer answer) =>
        answer.NumLogProbs == answer.CompletionTokens ? null : $"{answer.NumLogProbs} tokens came of {answer.CompletionTokens}.";

    private static string? JudgePerson(string json, string? reason, string whole)
    {
        // White space may fill an answer up to its length.
        if (reason != whole)
        {
            return reason == "length" ? null : $"It finished by {reason}.";
        }

        try
        {
            return JsonElement.Parse(json).GetProperty("age").GetInt32() >= 0 ? null : $"Not what the schema says: {json}";
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return $"Not what the schema says: {json}";
        }
    }

    private static Dictionary<string, object?> Body(string text, int maxTokens, Random random) => new()
    {
        ["messages"] = new[] { new { role = "user", content = text } },
        ["max_tokens"] = maxTokens,
        ["temperature"] = 0.8,
        ["seed"] = random.Next(),
        ["ignore_eos"] = true,
    };

    private static string Words(Random random, int count) => new Prompts(random.Next()).Next(count);

    private static string[] CreateDocuments(int seed, int words)
    {
        var prompts = new Prompts(seed);
        return [.. Enumerable.Range(0, NumDocuments).Select(_ => prompts.Next(words))];
    }
}
