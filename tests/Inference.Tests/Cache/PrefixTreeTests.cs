using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Tests.Cache;

public sealed class PrefixTreeTests
{
    [Fact]
    public void Name_SamePrefixSplitDifferently_IsEqual()
    {
        var tokens = Enumerable.Range(1, 600).ToArray();
        var whole = Grow(PrefixNode.CreateRoot("f", null), tokens);
        var split = Grow(PrefixNode.CreateRoot("f", null), tokens);
        split.SplitOff(50);
        split.Parent!.SplitOff(7);

        Assert.Equal(whole.Name, split.Name);
    }

    [Fact]
    public void Name_OtherTokensFingerprintOrSalt_Differs()
    {
        var tokens = Enumerable.Range(1, 300).ToArray();
        var names = new[]
        {
            Grow(PrefixNode.CreateRoot("f", null), tokens).Name,
            Grow(PrefixNode.CreateRoot("g", null), tokens).Name,
            Grow(PrefixNode.CreateRoot("f", ""), tokens).Name,
            Grow(PrefixNode.CreateRoot("f", "s"), tokens).Name,
            Grow(PrefixNode.CreateRoot("f", null), [9, .. tokens[1..]]).Name,
            Grow(PrefixNode.CreateRoot("f", null), tokens.AsSpan(0, 299)).Name,
            Grow(PrefixNode.CreateRoot("f", null), tokens).Parent!.Name,
        };

        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Match_TokensAfterABranch_EndsAtTheBranch()
    {
        var tree = new PrefixTree("f");
        var end = tree.CutAt(default, salt: null);
        end = end.AddChild([1, 2, 3, 4]);
        end.AddChild([5, 6]);
        end.AddChild([7, 8]);

        Assert.Equal(6, tree.Match([1, 2, 3, 4, 7, 8, 9], null).Length);
        Assert.Equal(4, tree.Match([1, 2, 3, 4, 9], null).Length);
        Assert.Equal(2, tree.Match([1, 2, 9], null).Length);
        Assert.Equal(0, tree.Match([9], null).Length);
        Assert.Equal(0, tree.Match([1, 2], "salt").Length);
    }

    private static PrefixNode Grow(PrefixNode node, ReadOnlySpan<int> tokens)
    {
        while (!tokens.IsEmpty)
        {
            var count = Math.Min(tokens.Length, PrefixNode.BlockSize);
            node = node.AddChild(tokens[..count]);
            tokens = tokens[count..];
        }

        return node;
    }
}
