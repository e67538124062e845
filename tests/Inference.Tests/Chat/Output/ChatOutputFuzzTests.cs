using System.Text;
using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Chat.Output;

namespace InferenceServer.Inference.Tests.Chat.Output;

/// <summary>Damaged output: nothing throws, no text is lost, and how it was cut into pieces does not matter.</summary>
public sealed class ChatOutputFuzzTests
{
    private const int MutantsPerCase = 300;

    // Text of the answer, of the thought and of arguments; no marker holds it.
    private static readonly string[] Words = ["Afterwards", "RRR", "Oslo"];

    public static TheoryData<string> Names => [.. WrittenOutputs.TwoCalls.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_RandomlyDamaged_KeepsEveryWord(string name)
    {
        var (_, formatName, promptEnd, output) = WrittenOutputs.TwoCalls.Single(item => item.Name == name);
        var format = Outputs.Format(formatName);
        var random = new Random(name.Length * 31);
        for (var i = 0; i < MutantsPerCase; i++)
        {
            var mutant = Damage($"{output}\nAfterwards.", random);
            var expected = Outputs.Parse(format, mutant, promptEnd);

            var length = Encoding.UTF8.GetByteCount(mutant);
            var places = Enumerable.Range(1, Math.Max(0, length - 1)).Where(_ => random.Next(4) == 0).ToList();
            Assert.Equal(expected, Outputs.Parse(format, Outputs.CutAt(mutant, places), promptEnd));
            var reply = Outputs.Reply(expected);
            var streamed = string.Concat(expected.Where(item => item.Kind != ChatOutputKind.CallBroken).Select(item => item.Text + item.CallName));
            var whole = reply.Content + reply.Reasoning + string.Concat(reply.Calls.Select(call => call.Arguments + call.Name));
            foreach (var word in Words)
            {
                Assert.True(Count(mutant, word) == Count(streamed, word), $"{word} in the stream:\n{mutant}\n{Outputs.Describe(expected)}");
                Assert.True(Count(mutant, word) == Count(whole, word), $"{word} in the reply:\n{mutant}\n{Outputs.Describe(expected)}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_WithoutTools_DoesNotDependOnTheCuts(string name)
    {
        var (_, formatName, promptEnd, output) = WrittenOutputs.TwoCalls.Single(item => item.Name == name);
        var random = new Random(name.Length * 41);
        for (var i = 0; i < MutantsPerCase; i++)
        {
            var mutant = Damage($" \n{output} \n\nAfterwards. \n", random);
            var format = Outputs.Format(formatName, isThoughtInTemplate: i % 2 == 0);
            var places = Enumerable.Range(1, Encoding.UTF8.GetByteCount(mutant) - 1).Where(_ => random.Next(3) == 0).ToList();

            Assert.Equal(Outputs.Parse(format, mutant, promptEnd, tools: []), Outputs.Parse(format, Outputs.CutAt(mutant, places), promptEnd, tools: []));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_WholeCallsOfDamagedOutput_HaveArgumentsInJson(string name)
    {
        var (_, formatName, promptEnd, output) = WrittenOutputs.TwoCalls.Single(item => item.Name == name);
        var random = new Random(name.Length * 37);
        for (var i = 0; i < MutantsPerCase; i++)
        {
            var mutant = Damage(output, random);
            var events = Outputs.Parse(Outputs.Format(formatName), mutant, promptEnd);

            for (var end = 0; end < events.Count; end++)
            {
                if (events[end].Kind == ChatOutputKind.CallEnded)
                {
                    Assert.True(IsObject(events[end - 1].Text), $"{events[end - 1].Text} of\n{mutant}");
                }
            }
        }
    }

    [Fact]
    public void Parse_TextWithBeginningsOfMarkers_ComesOutUnchanged()
    {
        foreach (var format in ChatFormats.All.Append(ChatFormats.Generic))
        {
            var markers = format.Calls.SelectMany(call => call.Markers).Append(format.Reasoning?.End ?? "<|").ToArray();
            var beginnings = markers.SelectMany(marker => Enumerable.Range(1, marker.Length - 1).Select(length => marker[..length])).Where(text => !markers.Any(text.Contains));
            var piece = Gen.OneOf(Gen.Elements(beginnings.ToArray()), Gen.Elements(" ", "\n", "a", "\u00FC", "\U0001F600", "{", "}", "[", "\"name\"", "x = 1", "`", "```json\n", "."));
            var texts = piece.ListOf().Select(pieces => "Text " + string.Concat(pieces)).Where(text => !markers.Any(text.Contains));

            Prop.ForAll(texts.ToArbitrary(), text =>
            {
                var events = Outputs.Parse(format, Outputs.CutAt(text, Enumerable.Range(1, Encoding.UTF8.GetByteCount(text) - 1)));
                return events is [{ Kind: ChatOutputKind.Content } only] && only.Text == text;
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
        }
    }

    [Fact]
    public void Parse_AnyOutputCutAnywhere_TextStandsWhereItsEventSays()
    {
        var random = new Random(5);
        var numChecked = 0;
        foreach (var (_, format, promptEnd, whole) in WrittenOutputs.TwoCalls)
        {
            for (var round = 0; round < 20; round++)
            {
                var output = round == 0 ? whole : Damage(whole, random);
                var parser = new ChatOutputParser(Outputs.Format(format), round % 3 == 2 ? [] : Outputs.Tools, Inference.Models.PromptText.Trusted(promptEnd), new Random(1));
                var events = new List<ChatOutputEvent>();
                for (var at = 0; at < output.Length;)
                {
                    var length = Math.Min(random.Next(1, 8), output.Length - at);
                    parser.Feed(output.Substring(at, length), isControl: false, events);
                    at += length;
                }

                parser.Finish(events);
                var last = 0L;
                foreach (var item in events)
                {
                    Assert.InRange(item.Start, last, item.End);
                    last = item.End;
                    if (item.Kind is ChatOutputKind.Content or ChatOutputKind.Reasoning && item.End - item.Start == item.Text.Length)
                    {
                        Assert.Equal(output[(int)item.Start..(int)item.End], item.Text);
                        numChecked++;
                    }
                }
            }
        }

        Assert.InRange(numChecked, 1000, int.MaxValue);
    }

    [Fact]
    public void Feed_LongOutputsByCharacter_TakeTimeInProportion()
    {
        // Texts that keep a reader waiting for their end. Once over all that was held would be 10^10 characters each.
        (string Format, string Start)[] starts =
        [
            ("hermes", "<tool_call>{\"arguments\": {\"a\": \""), ("hermes", "<tool_call>{\"name\": \""), ("hermes", "<tool_call>{\"name\": \"get_w\", \"arguments\": {\"a\": 1"),
            ("hermes", "<tool_call>"), ("hermes", "<think>"), ("generic", ""), ("generic", "{\"name\": \"get_w\", \"arguments\": ["), ("gemma-4", "<|tool_call>call:get_w{"),
            ("qwen3-coder", "<tool_call>\n<function=get_w>\n<parameter=days>\n"), ("qwen3-coder", "<tool_call>\n<function=get_w>\n<parameter=city>\n"), ("qwen3-coder", "<tool_call>"),
            ("mistral", "[TOOL_CALLS]"), ("mistral", "[TOOL_CALLS]["), ("mistral", "[TOOL_CALLS]ping[ARGS]"), ("deepseek", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>"),
            ("deepseek", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>ping\n"), ("harmony", "<|channel|>"), ("harmony", ""), ("lfm2", "<|tool_call_start|>["), ("functionary-v3.2", ">>>"),
        ];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (var (format, start) in starts)
        {
            foreach (var filler in new[] { "1", " ", "\n" })
            {
                var promptEnd = format == "harmony" && start.Length == 0 ? "<|start|>assistant" : "";
                var parser = new ChatOutputParser(Outputs.Format(format), Outputs.Tools, Inference.Models.PromptText.Trusted(promptEnd), new Random(1));
                var events = new List<ChatOutputEvent>();
                parser.Feed(start, isControl: false, events);
                for (var i = 0; i < 200_000; i++)
                {
                    parser.Feed(filler, isControl: false, events);
                }

                parser.Finish(events);
                Assert.InRange(events.Sum(item => item.Text.Length), 0, 1_000_000);
            }
        }

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    private static string Damage(string text, Random random)
    {
        var damaged = new StringBuilder(text);
        for (var edits = random.Next(1, 4); edits > 0 && damaged.Length > 2; edits--)
        {
            var start = random.Next(damaged.Length);
            var length = Math.Min(random.Next(1, 15), damaged.Length - start);
            if (random.Next(4) == 0)
            {
                damaged.Insert(random.Next(damaged.Length), damaged.ToString(start, length));
            }
            else
            {
                damaged.Remove(start, length);
            }
        }

        return damaged.ToString();
    }

    private static int Count(string text, string word) => text.AsSpan().Count(word);

    private static bool IsObject(string text)
    {
        try
        {
            return System.Text.Json.JsonElement.Parse(text).ValueKind == System.Text.Json.JsonValueKind.Object;
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }
}
