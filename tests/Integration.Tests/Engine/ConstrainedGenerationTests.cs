using System.Text;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>Grammars and budgets of thought in the real engine; the tiny model has no idea of either.</summary>
[Collection(Native.NativeCollection.Name)]
public sealed class ConstrainedGenerationTests
{
    private const string Schema =
        """{"type":"object","properties":{"first_name":{"type":"string","maxLength":4},"age":{"type":"integer","minimum":0,"maximum":99},"is_member":{"type":"boolean"}},"required":["first_name","age","is_member"],"additionalProperties":false}""";

    private static readonly GrammarSource Source = new() { Kind = GrammarKind.JsonSchema, Text = Schema, IsStrict = true };

    [Fact]
    public async Task Submit_WithASchemaManyAtOnce_EveryOutputFitsAndEndsByItself()
    {
        await using var tiny = await TinyEngine.StartAsync(parallel: 4);
        var automaton = GrammarCompiler.Compile(Source).Automaton!;
        var requests = Enumerable.Range(0, 24).Select(seed => Constrained(tiny, seed, Source, TinyEngine.Tokens(5 + (40 * (seed % 3)), seed % 2))).ToArray();
        var outcomes = await Task.WhenAll(requests.Select(tiny.RunAsync));

        Assert.All(outcomes, outcome => Assert.Equal(FinishReason.Stop, outcome.Reason));
        var texts = outcomes.Select(outcome => TextOf(tiny, outcome.Tokens)).ToArray();
        Assert.All(texts, text => Assert.True(automaton.Matches(Encoding.UTF8.GetBytes(text)), text));
        Assert.True(texts.Distinct().Count() > 10);
    }

    [Fact]
    public async Task Submit_WithASchema_ComputesForcedTextAsChunks()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var request = Constrained(tiny, 1, Source, TinyEngine.Tokens(5, 1));
        var before = (await tiny.WaitUntilIdleAsync()).NumSteps;
        var outcome = await tiny.RunAsync(request);
        var numSteps = (await tiny.WaitUntilIdleAsync()).NumSteps - before;

        // The vocabulary is bytes: the names of the members alone are 24 of them.
        Assert.InRange(numSteps, 1, outcome.Tokens.Length - 24);
    }

    [Fact]
    public async Task Submit_WithLogProbs_SamplesEveryTokenAndReportsIt()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var stream = tiny.Submit(Constrained(tiny, 1, Source, TinyEngine.Tokens(5, 1)) with { TopLogProbs = 2 });
        var numTokens = 0;
        while (await stream.WaitToReadAsync(CancellationToken.None))
        {
            while (stream.TryRead(out var item))
            {
                numTokens += item.Kind == GenerationEventKind.Token ? 1 : 0;
                Assert.Equal(item.Kind == GenerationEventKind.Token, item.LogProbs is not null);
            }
        }

        Assert.InRange(numTokens, 40, 200);
    }

    [Fact]
    public async Task Submit_TokensOfAnOutputGeneratedBefore_GoesOnWithTheRestOfIt()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var request = Constrained(tiny, 5, Source, TinyEngine.Tokens(30, 1));
        var whole = await tiny.RunAsync(request);
        foreach (var length in new[] { 1, 7, whole.Tokens.Length / 2, whole.Tokens.Length - 1 })
        {
            var resumed = request with { Id = request.Id + 1_000_000 + length, OutputTokens = whole.Tokens.AsMemory(0, length) };
            var stream = tiny.Submit(resumed);
            var rest = new List<int>();
            while (await stream.WaitToReadAsync(CancellationToken.None))
            {
                while (stream.TryRead(out var item))
                {
                    if (item.Kind == GenerationEventKind.Token)
                    {
                        rest.Add(item.TokenId);
                    }
                }
            }

            // Where the output was cut within a forced text, what would have been forced is sampled first; the text is the same.
            Assert.True(GrammarCompiler.Compile(Source).Automaton!.Matches(Encoding.UTF8.GetBytes(TextOf(tiny, [.. whole.Tokens[..length], .. rest]))));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public async Task Submit_LimitWithinForcedText_EndsByLengthExactlyThere(int maxOutput)
    {
        await using var tiny = await TinyEngine.StartAsync();
        var outcome = await tiny.RunAsync(Constrained(tiny, 1, Source, TinyEngine.Tokens(5, 1)) with { MaxOutputTokens = maxOutput });

        Assert.Equal(maxOutput, outcome.Tokens.Length);
        Assert.Equal(FinishReason.Length, outcome.Reason);
    }

    [Fact]
    public async Task Submit_StopTextWithinForcedText_EndsThere()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var outcome = await tiny.RunAsync(Constrained(tiny, 1, Source, TinyEngine.Tokens(5, 1)) with { Stop = ["first_"] });

        Assert.Equal("first_", outcome.MatchedStop);
        Assert.EndsWith("first_", TextOf(tiny, outcome.Tokens), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_EndForbidden_EndsWithTheGrammar()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var source = new GrammarSource { Kind = GrammarKind.Regex, Text = "[ab]{3,5}" };
        var outcome = await tiny.RunAsync(Constrained(tiny, 1, source, TinyEngine.Tokens(5, 1)) with { IgnoreEos = true, MinOutputTokens = 100 });

        Assert.Equal(5, outcome.Tokens.Length);
        Assert.Equal(FinishReason.Stop, outcome.Reason);
    }

    [Fact]
    public async Task Submit_BudgetOfThoughtUsedUp_EndsTheThoughtAndGoesOn()
    {
        await using var tiny = await TinyEngine.StartAsync();
        int[] end = [.. "</think>"u8.ToArray().Select(value => (int)value)];
        var grammar = GrammarPart.Of(new GrammarPart.FreeText(["</think>"]), new GrammarPart.Literal("</think>"), new GrammarPart.Embedded("a", Source));
        var request = Constrained(tiny, 3, GrammarSource.Of(grammar), TinyEngine.Tokens(5, 1)) with
        {
            Thought = new ThoughtBudget { MaxTokens = 10, IsOpen = true, End = "</think>", EndTokens = [.. end] },
        };
        var outcome = await tiny.RunAsync(request);

        var text = TextOf(tiny, outcome.Tokens);
        var at = text.IndexOf("</think>", StringComparison.Ordinal);
        Assert.Equal(end, outcome.Tokens[10..18]);
        Assert.True(GrammarCompiler.Compile(Source).Automaton!.Matches(Encoding.UTF8.GetBytes(text[(at + 8)..])), text);
    }

    [Fact]
    public async Task Submit_NoGrammar_IsABug()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var source = new GrammarSource { Kind = GrammarKind.Regex, Text = "(" };

        Assert.Throws<ArgumentException>(() => tiny.Engine.Submit(Constrained(tiny, 1, source, TinyEngine.Tokens(5, 1))));
    }

    private static GenerationRequest Constrained(TinyEngine tiny, long seed, GrammarSource source, int[] prompt) =>
        tiny.Request(prompt, maxOutput: 400, seed, temperature: 1) with { Grammar = source, IgnoreEos = false };

    private static string TextOf(TinyEngine tiny, int[] tokens) =>
        Encoding.UTF8.GetString([.. tiny.Engine.GetPieces(tokens).Where(piece => !piece.IsControl).SelectMany(piece => piece.Bytes.ToArray())]);
}
