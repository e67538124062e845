using System.Text;
using InferenceServer.Inference.Grammar.Tokens;

namespace InferenceServer.Inference.Tests.Grammar.Tokens;

/// <summary>Every byte as a token, then some longer texts, then a control token and one that ends the generation.</summary>
internal sealed class ByteVocabulary
{
    public ByteVocabulary(params string[] texts)
    {
        byte[][] bytes = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), .. texts.Select(Encoding.UTF8.GetBytes), [], []];
        Control = bytes.Length - 2;
        End = bytes.Length - 1;
        Grammars = new GrammarVocabulary(TokenTrie.Of(bytes, [End]));
    }

    public GrammarVocabulary Grammars { get; }

    public int Control { get; }

    public int End { get; }
}
