using System.Globalization;

namespace InferenceServer.Bench.Load;

/// <summary>The scenarios that docs/performance.md reports. Texts come from the seed, so every seed is cold to a server that has seen another.</summary>
internal static class Scenarios
{
    /// <summary>Names, in the order of a run over all.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["streams-1", "streams-4", "streams-8", "streams-16", "shared-prefix", "long-beside-stream", "short-behind-long", "cancel", "conversations", "conversations-shared", "returning", "overload"];

    /// <summary>Builds a scenario; throws for a name that is not in <see cref="Names"/>.</summary>
    public static Scenario Create(string name, int seed)
    {
        var prompts = new Prompts(unchecked((seed * 31) + IndexOf(name)));
        return name switch
        {
            "shared-prefix" => SharedPrefix(prompts),
            "long-beside-stream" => LongBesideStream(prompts),
            "short-behind-long" => ShortBehindLong(prompts),
            "cancel" => Cancel(prompts),
            "conversations" => Conversations(prompts),
            "conversations-shared" => ConversationsShared(prompts),
            "returning" => Returning(prompts),
            "overload" => Overload(prompts),
            _ => Streams(name, int.Parse(name.AsSpan("streams-".Length), CultureInfo.InvariantCulture), prompts),
        };
    }

    private static int IndexOf(string name)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            if (Names[i] == name)
            {
                return i;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such scenario.");
    }

    private static Scenario Streams(string name, int count, Prompts prompts) => new(
        name,
        $"{count} streams at once: distinct prompts of 64 words, 64 tokens each.",
        [[.. Repeat(count, () => new ScenarioClient { Group = "streams", Turns = [prompts.Next(64)], MaxTokens = 64 })]]);

    private static Scenario SharedPrefix(Prompts prompts)
    {
        var system = prompts.Next(1500);
        return new Scenario(
            "shared-prefix",
            "8 clients at once with the same system prompt of 1,500 words that the server has not seen, and a question of 16 words each.",
            [[.. Repeat(8, () => new ScenarioClient { Group = "clients", System = system, Turns = [prompts.Next(16)], MaxTokens = 32 })]]);
    }

    private static Scenario LongBesideStream(Prompts prompts)
    {
        ScenarioClient Long(string group, ScenarioStart start) => new() { Group = group, Turns = [prompts.Next(1500)], MaxTokens = 8, Start = start };
        return new Scenario(
            "long-beside-stream",
            "Four prompts of 1,500 words at once: first alone, then while another client's stream runs.",
            [
                [.. Repeat(4, () => Long("four alone", ScenarioStart.WithStage))],
                [
                    new ScenarioClient { Group = "stream", Turns = [prompts.Next(64)], MaxTokens = 512 },
                    .. Repeat(4, () => Long("four beside stream", ScenarioStart.OnceStreaming("stream", 16))),
                ],
            ]);
    }

    private static Scenario ShortBehindLong(Prompts prompts)
    {
        // The vocabularies at hand make 1.2 tokens of a word with its share of the template.
        ScenarioClient Short(string group, ScenarioStart start) => new() { Group = group, Turns = [prompts.Next(160)], MaxTokens = 16, Start = start };
        return new Scenario(
            "short-behind-long",
            "A prompt of about 200 tokens: first alone, then one second into the prefill of one of about 6,000 tokens.",
            [
                [Short("short alone", ScenarioStart.WithStage)],
                [
                    new ScenarioClient { Group = "long", Turns = [prompts.Next(5900)], MaxTokens = 8 },
                    Short("short behind long", ScenarioStart.After(TimeSpan.FromSeconds(1))),
                ],
            ]);
    }

    private static Scenario Cancel(Prompts prompts)
    {
        var measured = prompts.Next(1500);
        var aborted = prompts.Next(1500);
        ScenarioClient Probe(string group, ScenarioStart start) => new() { Group = group, Turns = [prompts.Next(8)], MaxTokens = 1, Start = start };
        return new Scenario(
            "cancel",
            "A prompt of 1,500 words, aborted at 60 % of its prefill and sent again. A tiny request right behind the abort shows when the device is free.",
            [
                [Probe("tiny alone", ScenarioStart.WithStage)],
                [new ScenarioClient { Group = "whole", Turns = [measured], MaxTokens = 8 }],
                [
                    new ScenarioClient { Group = "aborted", Turns = [aborted], MaxTokens = 8, Abort = new ScenarioAbort("whole", 0.6) },
                    Probe("tiny after abort", ScenarioStart.OnceEnded("aborted")),
                ],
                [new ScenarioClient { Group = "sent again", Turns = [aborted], MaxTokens = 8 }],
            ]);
    }

    private static Scenario Conversations(Prompts prompts) => new(
        "conversations",
        "Four conversations side by side, four turns each: a first message of 750 words, then 150 words a turn; answers of 64 tokens.",
        [
            [
                .. Repeat(4, () => new ScenarioClient
                {
                    Group = "turns",
                    Turns = [prompts.Next(750), prompts.Next(150), prompts.Next(150), prompts.Next(150)],
                    MaxTokens = 64,
                }),
            ],
        ]);

    private static Scenario ConversationsShared(Prompts prompts)
    {
        var system = prompts.Next(1500);
        return new Scenario(
            "conversations-shared",
            "Four conversations side by side with one system message of 1,500 words, as of one program's users: four turns of 60 words each, answers of 64 tokens.",
            [
                [
                    .. Repeat(4, () => new ScenarioClient
                    {
                        Group = "turns",
                        System = system,
                        Turns = [prompts.Next(60), prompts.Next(60), prompts.Next(60), prompts.Next(60)],
                        MaxTokens = 64,
                    }),
                ],
            ]);
    }

    private static Scenario Returning(Prompts prompts)
    {
        var text = prompts.Next(2000);
        ScenarioClient Ask(string group, ScenarioStart start) => new() { Group = group, Turns = [text], MaxTokens = 8, Start = start };
        ScenarioClient Other() => new() { Group = "others", Turns = [prompts.Next(3000)], MaxTokens = 1 };
        return new Scenario(
            "returning",
            "A prompt of 2,000 words: cold, again at once, after another of 3,000 words, and after one more beside a running stream. For a server whose KV memory holds 4,096 tokens.",
            [
                [Ask("cold", ScenarioStart.WithStage)],
                [Ask("at once", ScenarioStart.WithStage)],
                [Other()],
                [Ask("after another", ScenarioStart.WithStage)],
                [Other()],
                [
                    new ScenarioClient { Group = "stream", Turns = [prompts.Next(64)], MaxTokens = 128 },
                    Ask("after another, beside stream", ScenarioStart.OnceStreaming("stream", 16)),
                ],
            ]);
    }

    private static Scenario Overload(Prompts prompts) => new(
        "overload",
        "600 short requests at once: those beyond the queue are refused at once, those admitted are answered.",
        [[.. Repeat(600, () => new ScenarioClient { Group = "burst", Turns = [prompts.Next(8)], MaxTokens = 4 })]]);

    private static IEnumerable<ScenarioClient> Repeat(int count, Func<ScenarioClient> create)
    {
        for (var i = 0; i < count; i++)
        {
            yield return create();
        }
    }
}
