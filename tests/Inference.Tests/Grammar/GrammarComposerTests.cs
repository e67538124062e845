using System.Text;
using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Tests.Grammar;

public sealed class GrammarComposerTests
{
    private static readonly GrammarPart.Embedded Number = new("a", new GrammarSource { Kind = GrammarKind.JsonSchema, Text = """{"type":"integer","maximum":9,"minimum":0}""" });

    [Theory]
    [InlineData("ab", true)]
    [InlineData("a1b", true)]
    [InlineData("a1b2b", true)]
    [InlineData("a1b2b3b", false)]
    [InlineData("a1", false)]
    [InlineData("x", true)]
    [InlineData("xb", false)]
    public void Compile_SequencesChoicesAndRepeats_TakeWhatTheySay(string text, bool expected)
    {
        var grammar = GrammarPart.AnyOf(
            new GrammarPart.Literal("x"),
            GrammarPart.Of(
                new GrammarPart.Literal("a"),
                GrammarPart.AnyOf(new GrammarPart.Literal("b"), new GrammarPart.Repeat(GrammarPart.Of(Number, new GrammarPart.Literal("b")), 1, 2))));

        Assert.Equal(expected, Compile(grammar).Matches(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Compile_ControlToken_TakesNoTextOfItsName()
    {
        var automaton = Compile(GrammarPart.Of(new GrammarPart.FreeText([]), new GrammarPart.ControlToken("<|call|>"), Number));

        Assert.False(automaton.Matches("x<|call|>1"u8));
        Assert.True(automaton.Matches([.. "x"u8, .. ControlSpelling.Of("<|call|>"u8), (byte)'1']));
        Assert.False(automaton.Matches([.. ControlSpelling.Of("<|end|>"u8), .. ControlSpelling.Of("<|call|>"u8), (byte)'1']));
    }

    [Fact]
    public void FreeText_RandomTextsAndExclusions_PassesWhatHoldsNoneOfThem()
    {
        var letters = Gen.Elements("a", "b", "<", "ß", "é").ListOf().Select(parts => string.Concat(parts));
        var cases =
            from text in letters.Resize(20)
            from excluded in letters.Resize(4).Where(item => item.Length > 0).ListOf().Resize(3)
            select (text, excluded: excluded.ToArray());
        var numPassed = 0;
        Prop.ForAll(Arb.From(cases), sample =>
        {
            var passes = Compile(new GrammarPart.FreeText([.. sample.excluded])).Matches(Encoding.UTF8.GetBytes(sample.text));
            numPassed += passes ? 1 : 0;
            return passes == !sample.excluded.Any(item => sample.text.Contains(item, StringComparison.Ordinal));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
        Assert.InRange(numPassed, 100, 950);
    }

    [Fact]
    public void Of_DifferentParts_AreDifferentSourcesAndEqualOnesEqual()
    {
        GrammarPart[] parts =
        [
            new GrammarPart.Literal("ab"), new GrammarPart.ControlToken("ab"), new GrammarPart.FreeText(["ab"]), new GrammarPart.FreeText(["a", "b"]),
            GrammarPart.Of(new GrammarPart.Literal("a"), new GrammarPart.Literal("b")), GrammarPart.AnyOf(new GrammarPart.Literal("a"), new GrammarPart.Literal("b")),
            new GrammarPart.Repeat(new GrammarPart.Literal("ab"), 0, 1), new GrammarPart.Repeat(new GrammarPart.Literal("ab"), 0, null),
            GrammarPart.Of(Number, Number), GrammarPart.Of(Number, Number with { Source = Number.Source with { IsStrict = true } }),
            GrammarPart.Of(Number, Number with { Source = Number.Source with { SchemaPath = "#/a" } }),
        ];
        var sources = parts.Select(GrammarSource.Of).ToArray();

        Assert.Equal(sources.Length, sources.Distinct().Count());
        Assert.Equal(GrammarSource.Of(GrammarPart.Of(Number, Number)), GrammarSource.Of(GrammarPart.Of(Number, Number)));
        Assert.Equal(Number.Source, GrammarSource.Of(Number));
    }

    [Fact]
    public void Compile_SchemaWithin_TakesOnlyThatPart()
    {
        var source = new GrammarSource
        {
            Kind = GrammarKind.JsonSchema,
            Text = """{"properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"enum":[1,2]}}}""",
            SchemaPath = "#/properties/a",
        };
        var automaton = Compile(GrammarPart.Of(new GrammarPart.Literal("v="), new GrammarPart.Embedded("a", source)));

        Assert.True(automaton.Matches("v=2"u8));
        Assert.False(automaton.Matches("v={\"a\":2}"u8));
    }

    [Fact]
    public void Compile_WarningsOfParts_AreCalledByTheirName()
    {
        var source = new GrammarSource { Kind = GrammarKind.JsonSchema, Text = """{"not":{"type":"null"}}""" };
        var result = GrammarCompiler.Compile(GrammarSource.Of(GrammarPart.Of(new GrammarPart.Embedded("tools[0]", source), Number)));

        Assert.StartsWith("tools[0]: ", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    private static Automaton Compile(GrammarPart part)
    {
        var result = GrammarCompiler.Compile(GrammarSource.Of(part));
        Assert.Null(result.Error);
        return result.Automaton!;
    }
}
