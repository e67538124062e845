using BenchmarkDotNet.Attributes;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Tokens;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Perfolizer.Mathematics.OutlierDetection;

namespace InferenceServer.Bench.Micro;

/// <summary>
/// Token masks over 151,936 tokens along a text of every schema of the tests, drawn by a model that has no idea, so that every token needs its mask. An
/// iteration is one mask, so the table's percentiles are those of masks.
/// </summary>
[InvocationCount(1)]
[WarmupCount(NumWarmUps)]
[IterationCount(NumMasks)]
[GcForce(false)]
[MedianColumn]
[P99Column]
[Outliers(OutlierMode.DontRemove)]
public class MaskBenchmarks
{
    private const int NumWarmUps = 500;
    private const int NumMasks = 2_500;

    private readonly List<(Automaton Automaton, int[] Tokens)> _texts = [];
    private GrammarVocabulary _vocabulary = null!;
    private GrammarConstraint _constraint = null!;
    private int _text;
    private int _token;

    /// <summary>Loads the vocabulary and draws the texts, under automata that are not those that are measured.</summary>
    [GlobalSetup]
    public void Setup()
    {
        NativeLibraries.Load(folder: null, NullLogger.Instance);
        using var model = LoadedModel.Load(new ModelLoadSettings { Path = VocabularyCases.File("qwen2"), VocabularyOnly = true }, CancellationToken.None).Model!;
        var trie = TokenTrie.Of(model.Vocabulary);
        var random = new Random(1);
        var drawn = new RandomOutput(new GrammarVocabulary(trie), random);
        var schemas = SchemaCase.All.Values.Select(item => item.Schema.GetRawText()).ToArray();
        random.Shuffle(schemas); // the first ones are the warm-up
        for (var numTokens = 0; numTokens < NumWarmUps + NumMasks + 100;)
        {
            foreach (var schema in schemas)
            {
                var tokens = drawn.GenerateTokens(Compile(schema), numFree: 20);
                numTokens += tokens.Length;
                _texts.Add((Compile(schema), tokens));
            }
        }

        _vocabulary = new GrammarVocabulary(trie);
        _text = 0;
        _token = -1;
        _constraint = _vocabulary.Constrain(_texts[0].Automaton);
    }

    /// <summary>Goes on to the next place.</summary>
    [IterationSetup]
    public void Advance()
    {
        var (_, tokens) = _texts[_text];
        if (_token >= 0 && _token < tokens.Length)
        {
            _constraint.Advance(tokens[_token]);
        }

        if (++_token >= tokens.Length)
        {
            _text++;
            _token = 0;
            _constraint = _vocabulary.Constrain(_texts[_text].Automaton);
        }
    }

    [Benchmark]
    public int AsServed() => _constraint.GetMask().Count;

    [Benchmark]
    public int BuiltAnew() => MaskBuilder.Build(_vocabulary.Trie, _texts[_text].Automaton, _constraint.State).Count;

    private static Automaton Compile(string schema) =>
        GrammarCompiler.Compile(new GrammarSource { Kind = GrammarKind.JsonSchema, Text = schema, IsStrict = true }).Automaton!;
}
