using System.Text;
using InferenceServer.Inference.Grammar.Tokens;

namespace InferenceServer.Inference.Tests.Grammar.Tokens;

public sealed class TokenTrieTests
{
    private static readonly string[] Texts = ["b", "a", "abc", "ab", "", "abd", "b", "bcde", "ÿ"];

    [Fact]
    public void Nodes_EveryText_IsReachedByItsBytes()
    {
        var trie = TokenTrie.Of([.. Texts.Select(Encoding.UTF8.GetBytes)], []);
        for (var token = 0; token < Texts.Length; token++)
        {
            var node = -1;
            foreach (var label in Encoding.UTF8.GetBytes(Texts[token]))
            {
                node = trie.Child(node, label);
                Assert.True(node >= 0);
            }

            if (node >= 0)
            {
                Assert.Equal(Enumerable.Range(0, Texts.Length).Where(other => Texts[other] == Texts[token]), trie.TokensAt(node).ToArray());
            }
        }

        Assert.Equal(-1, trie.Child(-1, (byte)'c'));
        Assert.Equal(10, trie.NumNodes); // a b(c d), b c d e, two bytes of ÿ
        Assert.Equal(4, trie.MaxDepth);
    }
}
