using System.Text;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Tokens;

namespace InferenceServer.Inference.Tests.Grammar.Tokens;

public sealed class MaskMemoTests
{
    [Fact]
    public void Get_MoreStatesThanPlaces_ForgetsTheOneUnusedLongest()
    {
        var memo = new MaskMemo(new ByteVocabulary().Grammars.Trie, capacity: 2);
        var automaton = Grammars.Of(GrammarKind.Gbnf, "root ::= \"abc\"");
        var states = new[] { "", "a", "ab" }.Select(text => automaton.Step(automaton.Start, Encoding.UTF8.GetBytes(text))).ToArray();

        memo.Get(automaton, states[0]);
        memo.Get(automaton, states[1]);
        memo.Get(automaton, states[0]);
        memo.Get(automaton, states[2]); // state 1 goes
        Assert.Equal(3, memo.NumBuilt);
        Assert.Equal(2, memo.Count);
        memo.Get(automaton, states[0]);
        Assert.Equal(3, memo.NumBuilt);
        Assert.True(memo.Get(automaton, states[1]).Allows('b'));
        Assert.Equal(4, memo.NumBuilt);
    }
}
