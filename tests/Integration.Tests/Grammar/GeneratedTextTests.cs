using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Tokens;
using InferenceServer.Integration.Tests.Models;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;
using Xunit.Abstractions;

namespace InferenceServer.Integration.Tests.Grammar;

/// <summary>Whatever is generated under a schema fits it, says a validator that is not ours.</summary>
[Collection(NativeCollection.Name)]
public sealed class GeneratedTextTests(VocabularyFixture models, ITestOutputHelper output) : IClassFixture<VocabularyFixture>
{
    [SkippableFact]
    public async Task Generate_EveryCaseWithBytes_IsValid()
    {
        var vocabulary = new GrammarVocabulary(TokenTrie.Of([.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), []], [256]));

        await CheckAsync(vocabulary, [.. SchemaCase.All.Values.Select(item => item.Schema.GetRawText())], runs: 12, isStrict: true);
    }

    [SkippableFact]
    public async Task Generate_EveryCaseWithQwen2_IsValid()
    {
        var vocabulary = GrammarVocabulary.Of(models["qwen2"].Vocabulary);

        await CheckAsync(vocabulary, [.. SchemaCase.All.Values.Select(item => item.Schema.GetRawText())], runs: 3, isStrict: true);
    }

    [SkippableFact]
    public async Task Generate_RandomSchemasWithQwen2_IsValid()
    {
        var vocabulary = GrammarVocabulary.Of(models["qwen2"].Vocabulary);
        var schemas = new RandomSchema(new Random(42));

        await CheckAsync(vocabulary, [.. Enumerable.Range(0, 150).Select(_ => schemas.Next())], runs: 2, isStrict: false);
    }

    private async Task CheckAsync(GrammarVocabulary vocabulary, IReadOnlyList<string> schemas, int runs, bool isStrict)
    {
        var missing = SchemaJudge.WhyMissing();
        Skip.If(missing is not null, missing);
        var generator = new RandomOutput(vocabulary, new Random(1));
        var questions = new List<(string Schema, IReadOnlyList<string> Texts)>();
        foreach (var schema in schemas)
        {
            var result = GrammarCompiler.Compile(new GrammarSource { Kind = GrammarKind.JsonSchema, Text = schema, IsStrict = isStrict });
            if (!isStrict && result.Error?.Kind == GrammarErrorKind.Unsatisfiable)
            {
                continue; // parts put together at random may contradict each other
            }

            Assert.True(result.Error is null, $"{result.Error}\n{schema}");
            questions.Add((schema, [.. Enumerable.Range(0, runs).Select(run => generator.Generate(result.Automaton!, numFree: 12 * (run + 1)))]));
        }

        var verdicts = await SchemaJudge.JudgeAsync(questions);
        Assert.Equal(questions.Count, verdicts.Count);
        var faults = questions.Zip(verdicts).SelectMany(pair => pair.First.Texts.Zip(pair.Second).Where(item => item.Second is not null).Select(item => $"{pair.First.Schema}\n{item.First}\n{item.Second}"));
        Assert.Empty(faults);
        Assert.InRange(questions.Count, schemas.Count * 8 / 10, schemas.Count);
        Report(generator.MaskMicroseconds, vocabulary);
    }

    private void Report(List<double> microseconds, GrammarVocabulary vocabulary)
    {
        microseconds.Sort();
        output.WriteLine(
            $"{vocabulary.Trie.NumTokens} tokens, {vocabulary.Trie.NumNodes} nodes, {microseconds.Count} masks of which {vocabulary.Masks.NumBuilt} built: " +
            $"median {microseconds[microseconds.Count / 2]:0.0} us, p99 {microseconds[microseconds.Count * 99 / 100]:0} us, longest {microseconds[^1]:0} us");
    }
}
