using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Tokens;

/// <summary>
/// Where one sequence stands in its grammar: a fold over its output tokens. One thread at a time; what constraints share
/// (automaton, tree, masks) may be used by many at once, so rows of a step can be sampled in parallel.
/// </summary>
/// <remarks>
/// Meant for: sample; if <see cref="Accepts"/> says no, sample again under <see cref="GetMask"/>; then <see cref="Advance"/>.
/// What was asked before costs look-ups and allocates nothing. Every state that can be reached can be completed within the
/// limits; only a vocabulary that lacks bytes can leave a mask empty.
/// </remarks>
internal sealed class GrammarConstraint
{
    // Longer forced texts are appended in several turns.
    private const int MaxForcedBytes = 512;

    private readonly Automaton _automaton;
    private readonly GrammarVocabulary _vocabulary;
    private AutomatonState _state;

    internal GrammarConstraint(Automaton automaton, GrammarVocabulary vocabulary)
    {
        _automaton = automaton;
        _vocabulary = vocabulary;
        _state = automaton.Start;
    }

    /// <summary>True: the text may end here, so tokens that end a generation are allowed.</summary>
    public bool CanEnd => _state.Accepts;

    /// <summary>True: nothing but the end can follow.</summary>
    public bool MustEnd => _state.IsLast;

    /// <summary>Where it stands.</summary>
    public AutomatonState State => _state;

    /// <summary>True: a token that ends the generation was taken.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>True if the token may come next.</summary>
    public bool Accepts(int token)
    {
        if (HasEnded)
        {
            return false;
        }

        if (_vocabulary.Trie.EndsGeneration(token))
        {
            return _state.Accepts;
        }

        var bytes = _vocabulary.Trie.GetBytes(token);
        return bytes.Length > 0 && !_automaton.Step(_state, bytes).IsDead;
    }

    /// <summary>Takes a token; false if it does not fit, then nothing has changed.</summary>
    public bool Advance(int token)
    {
        if (HasEnded)
        {
            return false;
        }

        if (_vocabulary.Trie.EndsGeneration(token))
        {
            HasEnded = _state.Accepts;
            return HasEnded;
        }

        var bytes = _vocabulary.Trie.GetBytes(token);
        if (bytes.Length == 0)
        {
            return false;
        }

        var next = _automaton.Step(_state, bytes);
        if (next.IsDead)
        {
            return false;
        }

        _state = next;
        return true;
    }

    /// <summary>Begins anew with these tokens; returns how many of them fit, after which it stands.</summary>
    public int Replay(ReadOnlySpan<int> tokens)
    {
        _state = _automaton.Start;
        HasEnded = false;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (!Advance(tokens[i]))
            {
                return i;
            }
        }

        return tokens.Length;
    }

    /// <summary>The tokens that may come next. Not after the end.</summary>
    public TokenMask GetMask() => _vocabulary.Masks.Get(_automaton, _state);

    /// <summary>
    /// The tokens that have to come next whatever the model thinks, the longest first; nothing is taken. It ends before a
    /// token that the model might want longer: <c>":</c> rather than <c>"</c>.
    /// </summary>
    /// <param name="target">Gets the tokens.</param>
    /// <returns>How many, at most as many as fit into <paramref name="target"/>.</returns>
    public int FindForced(Span<int> target)
    {
        if (HasEnded)
        {
            return 0;
        }

        Span<byte> text = stackalloc byte[MaxForcedBytes];
        var state = _state;
        var length = 0;
        while (length < text.Length && _automaton.ForcedByte(state) is >= 0 and var value)
        {
            text[length++] = (byte)value;
            state = _automaton.Step(state, (byte)value);
        }

        return Split(text[..length], state, target);
    }

    private int Split(ReadOnlySpan<byte> text, AutomatonState after, Span<int> target)
    {
        var trie = _vocabulary.Trie;
        var count = 0;
        while (count < target.Length && !text.IsEmpty)
        {
            var token = -1;
            var taken = 0;
            var node = -1;
            for (var i = 0; i < text.Length; i++)
            {
                node = trie.Child(node, text[i]);
                if (node < 0)
                {
                    break;
                }

                if (trie.TokensAt(node) is [var found, ..])
                {
                    (token, taken) = (found, i + 1);
                }
            }

            // The whole rest begins some longer token that would fit as well: that choice is the model's.
            if (token < 0 || (node >= 0 && HasFittingChild(node, after)))
            {
                break;
            }

            target[count++] = token;
            text = text[taken..];
        }

        return count;
    }

    private bool HasFittingChild(int node, AutomatonState state)
    {
        var trie = _vocabulary.Trie;
        for (var child = node + 1; child < trie.Ends[node]; child = trie.Ends[child])
        {
            if (!_automaton.Step(state, trie.Labels[child]).IsDead)
            {
                return true;
            }
        }

        return false;
    }
}
