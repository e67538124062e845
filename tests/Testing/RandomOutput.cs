using System.Buffers;
using System.Diagnostics;
using System.Numerics;
using System.Text;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Tokens;

namespace InferenceServer.Testing;

/// <summary>
/// Generates under a grammar as a model that has no idea: every allowed token is equally likely. After a while it wants to
/// end and takes what closes, since a string drawn from 150,000 tokens would hardly ever meet its quote.
/// </summary>
internal sealed class RandomOutput(GrammarVocabulary vocabulary, Random random)
{
    private const int MaxTokens = 20_000;

    private static readonly SearchValues<byte> Closing = SearchValues.Create("\"}]"u8);

    private readonly int[] _singles = [.. Enumerable.Range(0, vocabulary.Trie.NumTokens).Where(token => vocabulary.Trie.GetBytes(token).Length == 1)];

    /// <summary>Microseconds of every mask that was asked for.</summary>
    public List<double> MaskMicroseconds { get; } = [];

    /// <summary>True: tokens of several bytes are markers, which lead to an end sooner than text does.</summary>
    public bool TakesMarkersToEnd { get; init; }

    /// <summary>A whole text of the grammar.</summary>
    /// <param name="automaton">The grammar.</param>
    /// <param name="numFree">Tokens before it wants to end.</param>
    public string Generate(Automaton automaton, int numFree)
    {
        var bytes = new List<byte>();
        foreach (var token in GenerateTokens(automaton, numFree))
        {
            bytes.AddRange(vocabulary.Trie.GetBytes(token));
        }

        return Encoding.UTF8.GetString([.. bytes.Where(value => value != ControlSpelling.Mark)]);
    }

    /// <summary>The tokens of a whole text of the grammar, without the end.</summary>
    /// <param name="automaton">The grammar.</param>
    /// <param name="numFree">Tokens before it wants to end.</param>
    public int[] GenerateTokens(Automaton automaton, int numFree)
    {
        var constraint = vocabulary.Constrain(automaton);
        var tokens = new List<int>();
        for (var count = 0; count < MaxTokens; count++)
        {
            var start = Stopwatch.GetTimestamp();
            var mask = constraint.GetMask();
            MaskMicroseconds.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            var token = count < numFree ? Pick(mask) : PickToEnd(constraint, mask);
            if (!mask.Allows(token) || !constraint.Accepts(token) || !constraint.Advance(token))
            {
                throw new InvalidOperationException($"Mask and grammar disagree on token {token}.");
            }

            if (constraint.HasEnded)
            {
                return [.. tokens];
            }

            tokens.Add(token);
        }

        throw new InvalidOperationException($"No end after {MaxTokens} tokens.");
    }

    private int PickToEnd(GrammarConstraint constraint, TokenMask mask)
    {
        if (constraint.CanEnd)
        {
            return vocabulary.Trie.EndTokens[0];
        }

        if (TakesMarkersToEnd && random.Next(3) > 0)
        {
            var markers = Enumerable.Range(0, vocabulary.Trie.NumTokens).Where(token => vocabulary.Trie.GetBytes(token).Length > 1 && mask.Allows(token)).ToArray();
            if (markers.Length > 0)
            {
                return markers[random.Next(markers.Length)];
            }
        }

        // A single byte, so that what a pattern asks for at the end of a text comes soon; every other time one that closes, if it may come.
        var singles = _singles.Where(mask.Allows).ToArray();
        var closing = random.Next(2) == 0 ? -1 : Array.FindIndex(singles, token => Closing.Contains(vocabulary.Trie.GetBytes(token)[0]));
        return closing >= 0 ? singles[closing] : singles.Length > 0 ? singles[random.Next(singles.Length)] : Pick(mask);
    }

    private int Pick(TokenMask mask)
    {
        var rank = random.Next(mask.Count);
        for (var word = 0; ; word++)
        {
            var bits = mask.Bits[word];
            var count = BitOperations.PopCount(bits);
            if (rank >= count)
            {
                rank -= count;
                continue;
            }

            for (; rank > 0; rank--)
            {
                bits &= bits - 1;
            }

            return (word * 64) + BitOperations.TrailingZeroCount(bits);
        }
    }
}
