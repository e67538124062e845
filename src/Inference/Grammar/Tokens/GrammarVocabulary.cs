using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Grammar.Tokens;

/// <summary>What all grammars over one vocabulary share: its tree and the masks. Made once per model. Any thread.</summary>
/// <param name="trie">The vocabulary's tree.</param>
internal sealed class GrammarVocabulary(TokenTrie trie)
{
    /// <summary>The vocabulary's tree.</summary>
    public TokenTrie Trie { get; } = trie;

    /// <summary>The masks, of all grammars.</summary>
    public MaskMemo Masks { get; } = new(trie);

    /// <summary>Of a model's vocabulary; some 100 ms for 150,000 tokens.</summary>
    public static GrammarVocabulary Of(Vocabulary vocabulary) => new(TokenTrie.Of(vocabulary));

    /// <summary>A constraint for one sequence, at the beginning of its output.</summary>
    public GrammarConstraint Constrain(Automaton automaton) => new(automaton, this);
}
