using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Tests.Cache.Disk;

public sealed class DiskBooksTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Offer_WorthIt_IsWrittenOnceAndThenTouched()
    {
        var books = new DiskBooks(1 << 20) { Now = Noon };
        var span = Span(0, 64);

        Assert.False(books.Offer(span, 700, isWorth: false));
        Assert.Empty(books.Orders);
        Assert.True(books.Offer(span, 700, isWorth: true));
        Assert.True(books.Offer(span, 700, isWorth: false));

        var order = Assert.Single(books.Orders);
        Assert.Equal(DiskOrderKind.Write, order.Kind);
        Assert.Equal(span.State, order.State);
    }

    [Fact]
    public void Offer_BudgetUsedUp_IsNotWrittenAndCounted()
    {
        var books = new DiskBooks(1 << 20) { Now = Noon, WritesLeft = SpanFile.FileBytes(64, 64) };

        Assert.True(books.Offer(Span(0, 64), 700, isWorth: true));
        Assert.False(books.Offer(Span(1, 64), 700, isWorth: true));

        Assert.Equal((0, 1), (books.WritesLeft, books.NumOverBudget));
        Assert.Single(books.Orders);
    }

    [Fact]
    public void Offer_NoRoom_TheLeastWorthIsDeletedFirst()
    {
        var books = new DiskBooks(2 * SpanFile.FileBytes(64, 64)) { Now = Noon };
        books.Offer(Span(0, 64), 3000, isWorth: true);
        books.Offer(Span(1, 64), 100, isWorth: true);
        var small = books.Orders[1].Name;
        books.Orders.Clear();

        books.Offer(Span(2, 64), 200, isWorth: true);

        Assert.Equal([(DiskOrderKind.Delete, small), (DiskOrderKind.Write, books.Orders[1].Name)], books.Orders.Select(order => (order.Kind, order.Name)));
        Assert.True(books.NumBytes <= 2 * SpanFile.FileBytes(64, 64));
    }

    [Fact]
    public void Offer_NoRoom_OtherModelsFilesGoFirstAndTheOldestOfThem()
    {
        var size = SpanFile.FileBytes(64, 64);
        var books = new DiskBooks(3 * size) { Now = Noon };
        books.Apply(new DiskReport(DiskReportKind.FoundForeign, Foreign: new ForeignFile("old", size, Noon.AddDays(-2))));
        books.Apply(new DiskReport(DiskReportKind.FoundForeign, Foreign: new ForeignFile("new", size, Noon.AddDays(-1))));
        books.Offer(Span(0, 64), 100, isWorth: true);
        books.Offer(Span(1, 64), 100, isWorth: true);

        Assert.Equal(["old"], books.Orders.Where(order => order.Kind == DiskOrderKind.Delete).Select(order => order.Name));
        Assert.Equal(3 * size, books.NumBytes);
    }

    [Fact]
    public void Load_SeveralThatWantTheSame_ItIsReadOnce()
    {
        var (books, span) = Written();

        var first = books.Load(span);
        var second = books.Load(span);

        Assert.Same(first, second);
        Assert.Equal(DiskOrderKind.Read, Assert.Single(books.Orders).Kind);
        Assert.Equal((SpanStatus.Loading, 1), (first.Status, books.NumReading));
        Assert.Same(first, books.Apply(new DiskReport(DiskReportKind.Read, span, [1, 2, 3])));
        Assert.Equal((SpanStatus.Ready, 0), (first.Status, books.NumReading));
        Assert.NotSame(first, books.Load(span));
    }

    [Fact]
    public void Load_NotWrittenYet_GivesWhatIsInMemory()
    {
        var books = new DiskBooks(1 << 20) { Now = Noon };
        var saved = Span(0, 64);
        books.Offer(saved, 700, isWorth: true);

        Assert.Same(saved, books.Load(books.Orders[0].Span!));
        Assert.Single(books.Orders);
    }

    [Fact]
    public void Apply_CouldNotBeRead_FailsWhoeverWaitsAndForgetsTheSpan()
    {
        var (books, span) = Written();
        var waiting = books.Load(span);

        Assert.Null(books.Apply(new DiskReport(DiskReportKind.Read, span)));

        Assert.Equal(SpanStatus.Failed, waiting.Status);
        Assert.Equal(0, books.Index!.NumTokens);
        Assert.Equal(SpanStatus.Failed, books.Load(span).Status);
    }

    [Fact]
    public void TurnOff_FailsWhoeverWaits_AlsoForASpanThatWasDropped()
    {
        var (books, span) = Written();
        var waiting = books.Load(span);
        books.Index!.Remove(span);

        books.Apply(new DiskReport(DiskReportKind.Off));

        Assert.Equal(SpanStatus.Failed, waiting.Status);
        Assert.False(books.IsOn);
        Assert.Null(books.Index);
        Assert.Empty(books.Orders);
        Assert.False(books.Offer(Span(1, 64), 700, isWorth: true));
        Assert.Null(books.Apply(new DiskReport(DiskReportKind.Read, span, [1])));
        Assert.Equal(SpanStatus.Failed, waiting.Status);
    }

    // A total that shrank would look like a restart.
    [Fact]
    public void TurnOff_WhatGaveWayBefore_StaysCounted()
    {
        var books = new DiskBooks(SpanFile.FileBytes(64, 64)) { Now = Noon };
        books.Offer(Span(0, 64), 700, isWorth: true);
        books.Offer(Span(1, 64), 700, isWorth: true);

        books.TurnOff();

        Assert.Equal(64, books.NumEvictedTokens);
    }

    [Fact]
    public void Apply_FoundAfterTheSameWasOffered_KeepsTheFile()
    {
        var books = new DiskBooks(1 << 20) { Now = Noon };
        var span = Span(0, 64);
        books.Offer(span, 700, isWorth: true);
        var found = new DiskSpan(new SpanHeader(span.Before, 0, span.TokenMemory, 700), 100);

        books.Apply(new DiskReport(DiskReportKind.Found, found));

        Assert.DoesNotContain(books.Orders, order => order.Kind == DiskOrderKind.Delete);
        Assert.Equal(64, books.Index!.NumTokens);
    }

    [Fact]
    public void Apply_FoundShorterThanAKnownOne_DeletesTheShorter()
    {
        var books = new DiskBooks(1 << 20) { Now = Noon };
        var span = Span(0, 64);
        books.Offer(span, 700, isWorth: true);
        var found = new DiskSpan(new SpanHeader(span.Before, 0, span.TokenMemory[..20], 20), 100);

        books.Apply(new DiskReport(DiskReportKind.Found, found));

        Assert.Equal(new DiskOrder(DiskOrderKind.Delete, found.Name), books.Orders[^1]);
    }

    [Fact]
    public void Expire_NotUsedForAWeek_IsDeleted()
    {
        var books = new DiskBooks(1 << 20) { Now = Noon };
        books.Apply(new DiskReport(DiskReportKind.FoundForeign, Foreign: new ForeignFile("foreign", 10, Noon.AddDays(-6))));
        books.Offer(Span(0, 64), 700, isWorth: true);
        books.Offer(Span(1, 64), 700, isWorth: true);
        var (unused, used) = (books.Orders[0].Name, books.Orders[1].Span!);
        books.Now = Noon.AddDays(5);
        books.Touch(used.Before, used.Tokens, 700);
        Assert.Equal(new DiskOrder(DiskOrderKind.MarkUsed, used.Name), books.Orders[^1]);
        books.Orders.Clear();
        books.Now = Noon.AddDays(8);

        Assert.Equal(2, books.Expire());
        Assert.Equal([unused, "foreign"], books.Orders.Select(order => order.Name));
        Assert.All(books.Orders, order => Assert.Equal(DiskOrderKind.Delete, order.Kind));
    }

    private static (DiskBooks Books, DiskSpan Span) Written()
    {
        var books = new DiskBooks(1 << 20) { Now = Noon };
        books.Offer(Span(0, 64), 700, isWorth: true);
        var span = books.Orders[0].Span!;
        books.Apply(new DiskReport(DiskReportKind.Written, span));
        books.Orders.Clear();
        return (books, span);
    }

    private static SavedSpan Span(int seed, int count) =>
        new(PrefixName.Root("f", null), 0, [.. Enumerable.Range(seed * 1000, count)], [.. Enumerable.Range(0, count).Select(i => (byte)(i + seed))]);
}
