using System.Text;
using InferenceServer.Inference.Grammar;

namespace InferenceServer.Inference.Tests.Grammar.Automata;

public sealed class AutomatonTests
{
    [Fact]
    public void Step_SecondTimeOverAText_AllocatesNothing()
    {
        var automaton = Grammars.Schema("""{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}},"required":["a"],"additionalProperties":false}""");
        var text = Encoding.UTF8.GetBytes("""{"a": ["x", "é", "", "\u0041"]}""");
        Assert.True(automaton.Matches(text));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            automaton.Matches(text);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Step_DeepNesting_IsRefusedWhileEverythingCanStillBeClosed()
    {
        var automaton = Grammars.Of(GrammarKind.Gbnf, "root ::= \"[\" root \"]\" | \"x\"");
        var state = automaton.Start;
        var depth = 0;
        while (automaton.Step(state, (byte)'[') is { IsDead: false } next)
        {
            state = next;
            depth++;
        }

        Assert.InRange(depth, GrammarLimits.MaxStackDepth - 2, GrammarLimits.MaxStackDepth + 2);
        Assert.True(automaton.Step(state, Encoding.UTF8.GetBytes("x" + new string(']', depth))).Accepts);
    }

    [Fact]
    public void Step_RightRecursion_HasNoDepth()
    {
        var automaton = Grammars.Of(GrammarKind.Gbnf, "root ::= \"a\" root | \"b\"");

        Assert.True(automaton.Matches(new string('a', 100_000) + "b"));
    }

    [Fact]
    public void Step_AmbiguityWithoutBound_StaysBoundedAndCanBeCompleted()
    {
        // Every "a" doubles the ways to read the text.
        var automaton = Grammars.Of(GrammarKind.Gbnf, "root ::= s\ns ::= \"a\" s \"x\" | \"a\" s \"y\" | \"a\" t s \"z\" | \"b\"\nt ::= \"a\"?");
        var state = automaton.Step(automaton.Start, Encoding.UTF8.GetBytes(new string('a', 60)));

        Assert.False(state.IsDead);
        Assert.InRange(state.Threads.Length, 1, GrammarLimits.MaxThreads);
        state = automaton.Step(state, (byte)'b');
        for (var i = 0; i < 200 && !state.Accepts; i++)
        {
            state = "xyz".Select(letter => automaton.Step(state, (byte)letter)).First(next => !next.IsDead);
        }

        Assert.True(state.Accepts);
    }

    [Fact]
    public void Step_MoreStatesThanAreRemembered_GoesOn()
    {
        // Each text is a state of its own: the memory is full several times over.
        var automaton = Grammars.Of(GrammarKind.Gbnf, "root ::= s\ns ::= \"a\" s \"a\" | \"b\" s \"b\" | \"c\"");
        var random = new Random(1);
        for (var i = 0; i < 2_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, 100).Select(_ => random.Next(2) == 0 ? 'a' : 'b'));
            Assert.True(automaton.Matches(text + "c" + string.Concat(text.Reverse())));
            Assert.False(automaton.Matches(text + "c" + string.Concat(text.Skip(1).Reverse()) + "x"));
        }
    }

    [Fact]
    public void Step_ManyThreadsAtOnce_AgreeWithOne()
    {
        var automaton = Grammars.Of(GrammarKind.JsonObject, "");
        var judge = Grammars.Of(GrammarKind.JsonObject, "");
        var texts = Enumerable.Range(0, 400).Select(i => $"{{\"k{i}\": [{i}, {{\"x\": \"{(char)('a' + (i % 26))}\"}}], \"e\": {(i % 3 == 0 ? "tru" : "true")}}}").ToArray();

        Assert.All(texts.AsParallel().WithDegreeOfParallelism(8).Select(text => (text, IsMatch: automaton.Matches(text))), pair => Assert.Equal(judge.Matches(pair.text), pair.IsMatch));
    }

    [Fact]
    public void Step_RuleAfterWhichNothingCanFollow_IsNotBegun()
    {
        var automaton = Grammars.Of(GrammarKind.Gbnf, "root ::= \"x\" | word never\nword ::= [a-z]+\nnever ::= \"y\" never");

        Assert.True(automaton.Matches("x"));
        Assert.True(automaton.Step(automaton.Start, (byte)'a').IsDead);
    }

    [Fact]
    public void ForcedByte_OnlyOneWay_IsThatByte()
    {
        var automaton = Grammars.Of(GrammarKind.Gbnf, "root ::= \"abc\" | \"abd\"");

        Assert.Equal('a', automaton.ForcedByte(automaton.Start));
        Assert.Equal(-1, automaton.ForcedByte(automaton.Step(automaton.Start, "ab"u8)));
        Assert.Equal(-1, automaton.ForcedByte(automaton.Step(automaton.Start, "abc"u8)));
    }
}
