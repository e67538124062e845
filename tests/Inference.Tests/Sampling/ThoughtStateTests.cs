using System.Text;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Tests.Sampling;

public sealed class ThoughtStateTests
{
    private static readonly ThoughtBudget Budget = new() { MaxTokens = 3, IsOpen = true, End = "</think>", EndTokens = [7] };

    [Theory]
    [InlineData(true, "a|b", false)]
    [InlineData(true, "a|b|c", true)]
    [InlineData(true, "a|b|c|d", true)]
    [InlineData(true, "a|</thi|nk>", false)]
    [InlineData(true, "a|</think>|c|d|e", false)]
    [InlineData(false, "<think>|a|b|c", true)]
    [InlineData(false, "<think>|a|b", false)]
    [InlineData(false, "<th|ink>|a|b|c", true)]
    [InlineData(false, "a|b|c|d|e|f|<think>|a|b|c", false)] // a text about thoughts
    [InlineData(false, "a|b|c|d", false)]
    public void MustEnd_Outputs_OnlyWithinAThoughtThatUsedItsBudgetUp(bool isOpen, string output, bool expected)
    {
        var state = new ThoughtState(Budget with { IsOpen = isOpen, Start = "<think>" });
        foreach (var token in output.Split('|'))
        {
            state.Accept(Encoding.UTF8.GetBytes(token));
        }

        Assert.Equal(expected, state.MustEnd);
        state.End();
        Assert.False(state.MustEnd);
    }
}
