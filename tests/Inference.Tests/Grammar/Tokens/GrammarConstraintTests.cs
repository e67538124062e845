using System.Text;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Tokens;

namespace InferenceServer.Inference.Tests.Grammar.Tokens;

public sealed class GrammarConstraintTests
{
    private const string Schema = """{"type":"object","properties":{"name":{"type":"string","maxLength":5},"age":{"type":"integer","minimum":0}},"required":["name","age"],"additionalProperties":false}""";

    private static readonly string[] Texts = ["{\"", "name", "\":", " \"", "\",", "\":\"", "age", "na", "me\"", "}", "12", "{\"name", "日本", "ab", "abcdef", "\"}", "  ", "\n"];

    [Fact]
    public void Mask_EveryStepOfRandomOutputs_EqualsAccepts()
    {
        var vocabulary = new ByteVocabulary(Texts);
        var random = new Random(7);
        for (var run = 0; run < 60; run++)
        {
            var constraint = vocabulary.Grammars.Constrain(Grammars.Schema(Schema));
            var output = new List<byte>();
            for (var step = 0; !constraint.HasEnded; step++)
            {
                Assert.True(step < 1_000);
                var mask = constraint.GetMask();
                var allowed = Enumerable.Range(0, vocabulary.Grammars.Trie.NumTokens).Where(constraint.Accepts).ToArray();
                Assert.Equal(allowed, Enumerable.Range(0, vocabulary.Grammars.Trie.NumTokens).Where(mask.Allows));
                Assert.Equal(allowed.Length, mask.Count);
                Assert.NotEmpty(allowed);
                Assert.DoesNotContain(vocabulary.Control, allowed);
                Assert.Equal(constraint.CanEnd, allowed.Contains(vocabulary.End));
                var token = allowed[random.Next(allowed.Length)];
                output.AddRange(vocabulary.Grammars.Trie.GetBytes(token));
                Assert.True(constraint.Advance(token));
            }

            var value = System.Text.Json.JsonDocument.Parse(output.ToArray()).RootElement;
            Assert.InRange(value.GetProperty("name").GetString()!.EnumerateRunes().Count(), 0, 5);
            Assert.True(value.GetProperty("age").GetInt64() >= 0);
        }
    }

    [Fact]
    public void Advance_WhatDoesNotFit_ChangesNothing()
    {
        var vocabulary = new ByteVocabulary(Texts);
        var constraint = vocabulary.Grammars.Constrain(Grammars.Of(GrammarKind.Gbnf, "root ::= \"ab\""));

        Assert.False(constraint.Advance(vocabulary.Control));
        Assert.False(constraint.Advance(vocabulary.End));
        Assert.False(constraint.Advance('b'));
        Assert.True(constraint.Advance('a'));
        Assert.False(constraint.Advance('a'));
        Assert.True(constraint.Advance('b'));
        Assert.True(constraint.CanEnd);
        Assert.True(constraint.MustEnd);
        Assert.Equal(1, constraint.GetMask().Count);
        Assert.True(constraint.Advance(vocabulary.End));
        Assert.True(constraint.HasEnded);
        Assert.False(constraint.Accepts(vocabulary.End));
        Assert.False(constraint.Advance('a'));
    }

    [Fact]
    public void Replay_TokensOfAnOutput_StandsWhereTheOutputStood()
    {
        var vocabulary = new ByteVocabulary(Texts);
        var automaton = Grammars.Schema(Schema);
        var tokens = Encoding.UTF8.GetBytes("{\"name\":\"ab\",\"age\":").Select(value => (int)value).ToArray();
        var first = vocabulary.Grammars.Constrain(automaton);
        Assert.All(tokens, token => Assert.True(first.Advance(token)));

        var second = vocabulary.Grammars.Constrain(automaton);
        Assert.Equal(tokens.Length, second.Replay(tokens));
        Assert.Equal(first.GetMask().Bits, second.GetMask().Bits);
        Assert.Equal(3, second.Replay([.. tokens[..3], '"', 'x']));
        Assert.True(second.Accepts('a'));
    }

    [Fact]
    public void GetMask_AskedBefore_IsNotBuiltAgainAndAllocatesNothing()
    {
        var vocabulary = new ByteVocabulary(Texts);
        var constraint = vocabulary.Grammars.Constrain(Grammars.Schema(Schema));
        var token = 256; // {"
        constraint.GetMask();
        constraint.Accepts(token);
        var built = vocabulary.Grammars.Masks.NumBuilt;

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            constraint.GetMask();
            constraint.Accepts(token);
            constraint.Replay([token]);
            constraint.Replay([]);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(built, vocabulary.Grammars.Masks.NumBuilt);
    }

    [Fact]
    public void GetMask_ManyThreads_AllEqual()
    {
        var vocabulary = new ByteVocabulary(Texts);
        var automaton = Grammars.Schema(Schema);
        var tokens = Encoding.UTF8.GetBytes("{\"name\":\"abc").Select(value => (int)value).ToArray();
        var judge = new ByteVocabulary(Texts).Grammars.Constrain(Grammars.Schema(Schema));
        judge.Replay(tokens);
        var expected = judge.GetMask().Bits.ToArray();

        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            var constraint = vocabulary.Grammars.Constrain(automaton);
            Assert.Equal(tokens.Length, constraint.Replay(tokens));
            Assert.Equal(expected, constraint.GetMask().Bits.ToArray());
        });
    }

    [Theory]
    [InlineData("root ::= \"{\\\"name\\\":\" [0-9]", "{\"name|\":")] // the longest tokens
    [InlineData("root ::= \"name\" (\"\\\":\" | \"x\")", "name")]
    [InlineData("root ::= \"na\" (\"me\" | \"x\")", "")] // "name" may be wanted
    [InlineData("root ::= \"ab\" | \"cd\"", "")]
    [InlineData("root ::= \"x\" \"y\"*", "x")]
    public void FindForced_TextWithOneContinuation_IsSplitIntoTheLongestTokens(string grammar, string expected)
    {
        var vocabulary = new ByteVocabulary(Texts);
        var constraint = vocabulary.Grammars.Constrain(Grammars.Of(GrammarKind.Gbnf, grammar));
        var tokens = new int[16];

        var count = constraint.FindForced(tokens);

        Assert.Equal(expected, string.Join('|', tokens.Take(count).Select(token => Encoding.UTF8.GetString(vocabulary.Grammars.Trie.GetBytes(token)))));
        Assert.All(tokens.Take(count), token => Assert.True(constraint.Advance(token)));
    }

    [Fact]
    public void GetMask_VocabularyWithoutTheByte_IsEmpty()
    {
        var vocabulary = new GrammarVocabulary(TokenTrie.Of(["a"u8.ToArray(), []], [1]));
        var constraint = vocabulary.Constrain(Grammars.Of(GrammarKind.Gbnf, "root ::= \"b\""));

        Assert.Equal(0, constraint.GetMask().Count);
    }
}
