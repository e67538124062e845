using System.Text.Json;
using System.Text.RegularExpressions;
using InferenceServer.Inference.Chat.Output;

namespace InferenceServer.Inference.Tests.Chat.Output;

/// <summary>Every format on what its models write, however it is cut.</summary>
public sealed partial class ChatFormatTests
{
    private const string Arguments = """{"city": "Oslo", "days": 3, "hourly": true, "opts": {"k": [1, "a"]}, "note": null}""";

    public static TheoryData<string> Names => [.. WrittenOutputs.TwoCalls.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_TwoCalls_GivesThoughtAndCalls(string name)
    {
        var (format, promptEnd, output) = Case(name);

        var events = Outputs.Parse(format, output, promptEnd);

        var reply = Outputs.Reply(events);
        Assert.Equal("", reply.Content);
        Assert.Equal(output.Contains("RRR", StringComparison.Ordinal) ? "RRR" : "", reply.Reasoning);
        Assert.Equal(2, reply.Calls.Count);
        Assert.All(reply.Calls, call =>
        {
            Assert.Equal("get_w", call.Name);
            Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Arguments), JsonElement.Parse(call.Arguments)), call.Arguments);
        });
        Assert.NotEqual(reply.Calls[0].Id, reply.Calls[1].Id);
        Assert.Equal(2, events.Count(item => item.Kind == ChatOutputKind.CallEnded));
        Assert.Equal([0, 1], events.Where(item => item.Kind == ChatOutputKind.CallStarted).Select(item => item.CallIndex));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_CutAtEveryByte_GivesTheSameEvents(string name)
    {
        var (format, promptEnd, output) = Case(name);
        output = $"{output}\nAfterwards \u00FC\U0001F600<|x|> {{\"a\": 1}} <thi";
        var expected = Outputs.Parse(format, output, promptEnd);
        var length = System.Text.Encoding.UTF8.GetByteCount(output);

        for (var place = 0; place <= length; place++)
        {
            Assert.Equal(expected, Outputs.Parse(format, Outputs.CutAt(output, place), promptEnd));
        }

        Assert.Equal(expected, Outputs.Parse(format, Outputs.CutAt(output, Enumerable.Range(1, length - 1)), promptEnd));
        var random = new Random(5);
        for (var i = 0; i < 20; i++)
        {
            var places = Enumerable.Range(1, length - 1).Where(_ => random.Next(5) == 0).ToList();
            Assert.Equal(expected, Outputs.Parse(format, Outputs.CutAt(output, places), promptEnd));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_MarkersAsControlTokens_GivesTheSameEvents(string name)
    {
        var (format, promptEnd, output) = Case(name);
        var pieces = new List<(string Text, bool IsControl)>();
        var end = 0;
        foreach (var token in ControlTokens().EnumerateMatches(output))
        {
            pieces.Add((output[end..token.Index], false));
            pieces.Add((output.Substring(token.Index, token.Length), true));
            end = token.Index + token.Length;
        }

        pieces.Add((output[end..], false));
        pieces.Add(("<|end_of_turn|>", true));

        Assert.Equal(Outputs.Parse(format, output, promptEnd), Outputs.Parse(format, pieces, promptEnd));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_CutOffAnywhere_GivesWhatThereIs(string name)
    {
        var (format, promptEnd, output) = Case(name);
        var whole = Outputs.Reply(Outputs.Parse(format, output, promptEnd));
        for (var length = 0; length < output.Length; length++)
        {
            var events = Outputs.Parse(format, output[..length], promptEnd);

            var reply = Outputs.Reply(events);
            Assert.DoesNotContain(events, item => item.Kind == ChatOutputKind.CallBroken);
            Assert.Contains(reply.Reasoning, output, StringComparison.Ordinal);
            Assert.Contains(reply.Content, output, StringComparison.Ordinal);
            for (var i = 0; i < reply.Calls.Count; i++)
            {
                // Python's words and quotes are converted only once they are whole.
                var common = reply.Calls[i].Arguments.Zip(whole.Calls[i].Arguments).TakeWhile(pair => pair.First == pair.Second).Count();
                Assert.True(reply.Calls[i].Arguments.Length - common <= 20, $"{reply.Calls[i].Arguments} at {length}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_ByCharacters_StreamsArgumentsBeforeTheCallEnds(string name)
    {
        var (format, promptEnd, output) = Case(name);
        var parser = new ChatOutputParser(format, Outputs.Tools, Inference.Models.PromptText.Trusted(promptEnd), new Random(1));
        var events = new List<ChatOutputEvent>();
        foreach (var c in output)
        {
            parser.Feed(c.ToString(), isControl: false, events);
        }

        var firstEnd = events.FindIndex(item => item.Kind == ChatOutputKind.CallEnded);
        var arguments = events.Take(firstEnd).Count(item => item.Kind == ChatOutputKind.CallArguments);
        Assert.True(arguments > 5, $"{arguments} deltas");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_TextAroundCalls_IsContent(string name)
    {
        var (format, promptEnd, output) = Case(name);
        if (promptEnd.EndsWith(">>>", StringComparison.Ordinal) || format.Name is "llama-3" or "generic" or "harmony")
        {
            return;
        }

        var calls = output.IndexOf("RRR", StringComparison.Ordinal) < 0 ? 0 : output.IndexOf('<', output.IndexOf("RRR", StringComparison.Ordinal));
        var isOpen = promptEnd.TrimEnd().EndsWith("think>", StringComparison.Ordinal);
        var text = calls == 0 && !isOpen ? $"I look.\n\n{output}\nDone." : $"{output}\nDone.";

        var events = Outputs.Parse(format, text, promptEnd);

        Assert.Equal(calls == 0 && !isOpen ? "I look.Done." : "Done.", Outputs.Reply(events).Content);
        Assert.Equal(2, Outputs.Reply(events).Calls.Count);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_WithoutTools_LeavesCallsAsContent(string name)
    {
        var (format, promptEnd, output) = Case(name);

        var events = Outputs.Parse(format, output, promptEnd, tools: []);

        Assert.DoesNotContain(events, item => item.Kind == ChatOutputKind.CallStarted);
        Assert.Contains("get_w", Outputs.Reply(events).Content + Outputs.Reply(events).Reasoning, StringComparison.Ordinal);
    }

    private static (ChatFormat Format, string PromptEnd, string Output) Case(string name)
    {
        var (_, format, promptEnd, output) = WrittenOutputs.TwoCalls.Single(item => item.Name == name);
        return (Outputs.Format(format), promptEnd, output);
    }

    [GeneratedRegex(@"<\|[^|<>]*\|>|<\|[a-z_]+>|<[a-z_]+\|>|<｜[^｜<>]*｜>|\[/?[A-Z_]+\]|</?tool_call>|</?think>")]
    private static partial Regex ControlTokens();
}
