using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Tests.Cache;

public sealed class PrefixStoreTests
{
    [Fact]
    public void Find_WholeConversation_GivesItsSpansInOrder()
    {
        var store = new PrefixStore("f", 1 << 20);
        var tokens = Tokens(1, 300);
        Put(store, tokens);

        var plan = store.Find(tokens, from: 0, limit: 299, salt: null)!;

        Assert.Equal(299, plan.End);
        Assert.Equal([(0, 64), (64, 128), (128, 192), (192, 256), (256, 300)], Spans(plan));
        Assert.Equal([(128, 192), (192, 256), (256, 300)], Spans(store.Find(tokens, from: 130, limit: 299, salt: null)!));
    }

    [Fact]
    public void Find_NothingBeyondWhatTheCellsHold_IsNull()
    {
        var store = new PrefixStore("f", 1 << 20);
        var tokens = Tokens(1, 300);
        Put(store, tokens);

        Assert.Null(store.Find([.. tokens, 1, 2, 3], from: 300, limit: 302, salt: null));
        Assert.Null(store.Find([.. tokens[..100], .. Tokens(2, 100)], from: 100, limit: 199, salt: null));
        Assert.Null(store.Find(tokens, from: 0, limit: 299, salt: "other"));
        Assert.Null(new PrefixStore("f", 1 << 20).Find(tokens, from: 0, limit: 299, salt: null));
    }

    [Fact]
    public void Holds_Node_GoesByItsTokensAndAllBeforeThem()
    {
        var tokens = Tokens(1, 700);
        var store = new PrefixStore("f", 1 << 20);
        Put(store, tokens[..600]);
        var first = PrefixNode.CreateRoot("f", salt: null).AddChild(tokens.AsSpan(0, 256));
        var second = first.AddChild(tokens.AsSpan(256, 256));
        var third = second.AddChild(tokens.AsSpan(512, 88));

        Assert.True(store.Holds(first) && store.Holds(second) && store.Holds(third));
        third.Append(tokens.AsSpan(600, 1));
        Assert.False(store.Holds(third));
        second.SplitOff(100);
        Assert.True(store.Holds(second));
        Assert.True(store.Holds(second.Parent!));
        Assert.False(store.Holds(second.Parent!.AddChild(Tokens(2, 10))));
        Assert.False(store.Holds(PrefixNode.CreateRoot("f", "salt").AddChild(tokens.AsSpan(0, 256))));
        Assert.True(store.Holds(PrefixNode.CreateRoot("f", "salt").AddChild(tokens.AsSpan(0, 63)))); // not worth a copy
    }

    [Fact]
    public void Add_LongerTail_ReplacesTheShorterThatItBeginsWith()
    {
        var store = new PrefixStore("f", 1 << 20);
        var tokens = Tokens(1, 128);
        Put(store, tokens[..100]);
        Put(store, tokens);

        Assert.Equal(128, store.Index.NumTokens);
        Assert.Equal(128, store.Index.NumBytes);
        Assert.Equal(128, store.Find([.. tokens, 5], from: 0, limit: 128, salt: null)!.End);
    }

    [Fact]
    public void Add_NoRoom_AStreamOfSmallRequestsDoesNotTakeALongConversation()
    {
        var store = new PrefixStore("f", 4096);
        var conversation = Tokens(1, 3000);
        Put(store, conversation);
        for (var i = 0; i < 50; i++)
        {
            Put(store, Tokens(10 + i, 200));
        }

        Assert.Equal(2999, store.Find(conversation, from: 0, limit: 2999, salt: null)!.End);
        Assert.InRange(store.Index.NumBytes, 3000, 4096);
        Assert.True(store.Index.NumEvictedTokens > 8_000);
    }

    [Fact]
    public void Add_NoRoom_AConversationThatNobodyComesBackToGoesInTheEndFromItsEnd()
    {
        var store = new PrefixStore("f", 4096);
        var conversation = Tokens(1, 3000);
        Put(store, conversation);
        var last = 3000;
        for (var i = 0; i < 2000 && last > 0; i++)
        {
            Put(store, Tokens(10 + i, 200));
            var end = store.Find(conversation, from: 0, limit: 2999, salt: null)?.End ?? 0;
            Assert.True(end <= last);
            last = end;
        }

        Assert.Equal(0, last);
    }

    [Fact]
    public void Add_NoRoom_WhatIsUsedAgainStays()
    {
        var store = new PrefixStore("f", 1024);
        var used = Tokens(1, 256);
        Put(store, used);
        for (var i = 0; i < 50; i++)
        {
            Put(store, Tokens(10 + i, 256));
            Put(store, used);
        }

        Assert.Equal(255, store.Find(used, from: 0, limit: 255, salt: null)!.End);
        Assert.Equal(1024, store.Index.NumBytes);
    }

    [Fact]
    public void Add_LargerThanTheStore_IsNotTaken()
    {
        var store = new PrefixStore("f", 10);
        Put(store, Tokens(1, 64));

        Assert.Equal((0L, 0L), (store.Index.NumBytes, store.Index.NumTokens));
    }

    // A state of one byte a token.
    private static void Put(PrefixStore store, int[] tokens)
    {
        var cursor = new PrefixCursor(store.Root(null));
        while (cursor.Position < tokens.Length)
        {
            var end = Math.Min(cursor.Position + PrefixStore.SpanSize, tokens.Length);
            var span = tokens[cursor.Position..end];
            if (store.Index.Touch(cursor.Name, span, tokens.Length) is null)
            {
                store.Index.Add(new SavedSpan(cursor.Name, cursor.Position, span, new byte[span.Length]), tokens.Length);
            }

            if (end == tokens.Length)
            {
                return;
            }

            cursor.Advance(tokens);
        }
    }

    private static (int, int)[] Spans(RestorePlan plan)
    {
        var spans = new List<(int, int)>();
        for (; plan.Next(disk: null) is { } span; plan.Advance())
        {
            spans.Add((span.Start, span.End));
        }

        return [.. spans];
    }

    private static int[] Tokens(int seed, int count) => [.. Enumerable.Range(0, count).Select(i => (seed * 100_003) + i)];
}
