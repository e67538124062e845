using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Inference.Tests.Cache.Disk;

/// <summary>Over real files.</summary>
public sealed class DiskTierTests : IDisposable
{
    private const string Fingerprint = "model";

    private readonly string _folder = Directory.CreateTempSubdirectory("disk-tier-").FullName;
    private readonly PrefixStore _store = new(Fingerprint, 1 << 20);

    private string Files => CacheFolder.PathIn(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Start_AfterAnotherWrote_ReadsItBack()
    {
        var span = Span(0);
        Write(span);

        using var tier = Start();
        var read = Read(tier, span);

        Assert.Equal(span.State.ToArray(), read.State.ToArray());
        Assert.Equal(1, tier.Books.Index!.NumTokens / 64);
        Assert.Same(read, _store.Index.FindLongest(span.Before, span.Tokens, out _));
        Assert.True(tier.Counts.ReadBytes > 0);
    }

    [Fact]
    public void Start_OfAnotherModel_NeverLoadsButKeepsTheFile()
    {
        Write(Span(0));

        using (var other = Start("other"))
        {
            Assert.Equal(0, other.Books.Index!.NumTokens);
            Assert.Equal(1, other.Counts.Dropped(SpanFault.Foreign));
            Assert.True(other.Books.NumBytes > 0);
        }

        using var tier = Start();
        Assert.Equal(64, tier.Books.Index!.NumTokens);
    }

    [Fact]
    public void Start_FilesThatAreDamaged_AreDroppedAndCounted()
    {
        for (var i = 0; i < 4; i++)
        {
            Write(Span(i));
        }

        var files = SpanFiles();
        using (var file = File.OpenWrite(files[0]))
        {
            file.SetLength(file.Length - 1);
        }

        Flip(files[1], 40);
        Flip(files[2], 8);
        File.Move(files[3], Path.Combine(Files, new string('0', 32) + CacheFolder.Ending));
        File.WriteAllText(Path.Combine(Files, "notes" + CacheFolder.Ending), "");

        using var tier = Start();

        Assert.Equal(0, tier.Books.Index!.NumTokens);
        Assert.Equal(
            [2L, 1L, 1L, 1L],
            new[] { SpanFault.Truncated, SpanFault.Corrupt, SpanFault.Version, SpanFault.Mismatch }.Select(tier.Counts.Dropped));
        Assert.Empty(SpanFiles());
    }

    [Fact]
    public void Load_StateThatWasDamagedOrDeletedSince_FailsAndIsDropped()
    {
        Write(Span(0));
        Write(Span(1));
        using var tier = Start();
        var path = Path.Combine(Files, NameOf(Span(0)) + CacheFolder.Ending);
        Flip(path, (int)new FileInfo(path).Length - 1);
        File.Delete(Path.Combine(Files, NameOf(Span(1)) + CacheFolder.Ending));

        Assert.Equal(SpanStatus.Failed, Read(tier, Span(0)).Status);
        Assert.Equal(SpanStatus.Failed, Read(tier, Span(1)).Status);

        Assert.Equal((1L, 1L), (tier.Counts.Dropped(SpanFault.Corrupt), tier.Counts.Dropped(SpanFault.Unreadable)));
        Assert.Equal(0, tier.Books.Index!.NumTokens);
        Assert.Equal(0, _store.Index.NumTokens);
        Assert.Empty(SpanFiles());
        Assert.Equal(DiskTierState.On, tier.State);
    }

    [Fact]
    public void Start_AfterAKill_DeletesWhatIsHalfWritten()
    {
        Write(Span(0));
        var half = Path.Combine(Files, new string('1', 32) + CacheFolder.Ending + ".tmp");
        File.WriteAllText(half, "half");

        using var tier = Start();

        Assert.False(File.Exists(half));
        Assert.Equal(64, tier.Books.Index!.NumTokens);
    }

    [Fact]
    public void Offer_FullDisk_TheTierSwitchesItselfOffAndLeavesNothingBehind()
    {
        if (!File.Exists("/dev/full"))
        {
            return; // no such device here: Linux only
        }

        Write(Span(0));
        using var tier = Start();
        var temp = Path.Combine(Files, NameOf(Span(1)) + CacheFolder.Ending + ".tmp");
        File.CreateSymbolicLink(temp, "/dev/full"); // every write there ends as on a full disk

        tier.Books.Offer(Span(1), 700, isWorth: true);
        WaitUntil(tier, () => !tier.Books.IsOn);

        Assert.Equal(DiskTierState.Failed, tier.State);
        Assert.False(tier.Books.Offer(Span(2), 700, isWorth: true));
        Assert.Equal([NameOf(Span(0))], SpanFiles().Select(Path.GetFileNameWithoutExtension));
        Assert.Empty(Directory.GetFiles(Files, "*.tmp"));
    }

    // Up to half a gigabyte waits to be written to a slow disk.
    [Fact]
    public void Offer_FullDisk_WhatWaitedToBeWrittenIsGarbage()
    {
        if (!File.Exists("/dev/full"))
        {
            return; // no such device here: Linux only
        }

        using var tier = Start();
        var states = OfferToAFullDisk(tier);
        WaitUntil(tier, () => !tier.Books.IsOn);
        var deadline = DateTime.UtcNow.AddSeconds(10);
        while (states.Exists(state => state.IsAlive))
        {
            Assert.True(DateTime.UtcNow < deadline, "It is kept.");
            GC.Collect();
            Thread.Sleep(2);
        }
    }

    // A pipe that nobody writes to: whoever opens it waits, as for a network's disk that is gone.
    [Fact]
    public void Load_DiskThatHangs_FailsWhoeverWaitsAndSwitchesItselfOff()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // has no such pipes
        }

        Write(Span(0));
        var clock = new Clock();
        using var tier = Start(clock: clock);
        var path = Assert.Single(SpanFiles());
        File.Delete(path);
        using (var mkfifo = Process.Start("mkfifo", [path]))
        {
            mkfifo.WaitForExit();
        }

        var read = tier.Books.Load(tier.Books.Index!.FindLongest(Span(0).Before, Span(0).Tokens, out _)!);
        tier.Exchange(_store);
        clock.Now += TimeSpan.FromSeconds(9);
        tier.Exchange(_store);
        Assert.Equal((SpanStatus.Loading, DiskTierState.On), (read.Status, tier.State));
        clock.Now += TimeSpan.FromSeconds(2);
        tier.Exchange(_store);

        Assert.Equal((SpanStatus.Failed, DiskTierState.Failed), (read.Status, tier.State));
        Assert.False(tier.Books.IsOn);
        using (File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            // The disk is back, and the thread ends; a tier that gave up stays off.
        }

        tier.Exchange(_store);
        Assert.Equal(DiskTierState.Failed, tier.State);
    }

    [Fact]
    public void Start_FolderOfAnotherProcess_ServesWithout()
    {
        using var first = Start();
        using var second = new DiskTier(Options(), Fingerprint, TimeProvider.System, NullLogger.Instance, () => { });
        second.WaitForScan(TimeSpan.FromSeconds(10));
        WaitUntil(second, () => !second.Books.IsOn);

        Assert.Equal((DiskTierState.On, DiskTierState.Taken), (first.State, second.State));
        Assert.True(first.Books.IsOn);
    }

    [Fact]
    public void Start_FolderThatCannotBeMade_ServesWithout()
    {
        File.WriteAllText(Files, "a file");

        using var tier = new DiskTier(Options(), Fingerprint, TimeProvider.System, NullLogger.Instance, () => { });
        WaitUntil(tier, () => !tier.Books.IsOn);

        Assert.Equal(DiskTierState.Failed, tier.State);
    }

    [Fact]
    public void Write_FilesAndFolder_AreTheUsersAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Directory.CreateDirectory(Files, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
        Write(Span(0));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Files));
        Assert.Equal([UnixFileMode.UserRead | UnixFileMode.UserWrite], Directory.GetFiles(Files).Select(File.GetUnixFileMode).Distinct());
        Assert.StartsWith("Signature: 8a477f597d28d172789f06886806bc55", File.ReadAllText(Path.Combine(Files, "CACHEDIR.TAG")), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Files, ".metadata_never_index")));
    }

    [Fact]
    public void Start_FilesThatNobodyUsedForAWeek_AreDeletedAlsoOtherModels()
    {
        for (var i = 0; i < 3; i++)
        {
            Write(Span(i));
        }

        using (var other = Start("other"))
        {
            Assert.True(other.Books.Offer(new SavedSpan(PrefixName.Root("other", null), 0, [1], [1]), 700, isWorth: true));
            other.Exchange(_store);
        }

        var files = SpanFiles();
        var kept = Path.Combine(Files, NameOf(Span(1)) + CacheFolder.Ending);
        foreach (var path in files)
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(path == kept ? -6.9 : -7.1));
        }

        using var tier = Start();

        Assert.Equal(4, files.Length);
        Assert.Equal((3, 64), (tier.Counts.Dropped(SpanFault.Expired), tier.Books.Index!.NumTokens));
        Assert.Equal([kept], SpanFiles());
    }

    // As in a server that never restarts.
    [Fact]
    public void Exchange_AWeekLater_DeletesWhatNobodyUsed()
    {
        Write(Span(0));
        Write(Span(1));
        var clock = new Clock();
        using var tier = Start(clock: clock);
        var (before, tokens) = (Span(1).Before, Span(1).TokenMemory);
        clock.Now += TimeSpan.FromDays(6);
        tier.Exchange(_store);
        Assert.True(tier.Books.Touch(before, tokens.Span, 700));
        clock.Now += TimeSpan.FromDays(2);
        WaitUntil(tier, () => SpanFiles().Length == 1);

        Assert.Equal((1, 64), (tier.Counts.Dropped(SpanFault.Expired), tier.Books.Index!.NumTokens));
        Assert.Equal([NameOf(Span(1))], SpanFiles().Select(Path.GetFileNameWithoutExtension));
    }

    [Fact]
    public void Load_SoundFileOfAnotherModelInItsPlace_NeverReachesTheStore()
    {
        Write(Span(0));
        using var tier = Start();
        var path = Assert.Single(SpanFiles());
        var header = new SpanHeader(Span(0).Before, 0, Span(0).TokenMemory, 700);
        File.WriteAllBytes(path, [.. SpanFile.EncodeHead(header, new byte[32], Span(0).State.Span), .. Span(0).State.Span]);

        // Sound in itself, and put there by somebody else while the tier runs.
        Assert.Equal(SpanStatus.Failed, Read(tier, Span(0)).Status);
        Assert.Equal(1, tier.Counts.Dropped(SpanFault.Foreign));
        Assert.Equal(0, _store.Index.NumTokens);
    }

    [Fact]
    public void Budget_UsedUpBeforeARestart_IsStillUsedUp()
    {
        var perDay = (2 * SpanFile.FileBytes(64, 64)) - 1;
        using (var tier = Start(perDay: perDay))
        {
            Assert.True(tier.Books.Offer(Span(0), 700, isWorth: true));
            tier.Exchange(_store);
        }

        using var again = Start(perDay: perDay);

        Assert.False(again.Books.Offer(Span(1), 700, isWorth: true));
        Assert.InRange(again.BudgetLeft, perDay / 2 - 10, perDay / 2 + 10);
    }

    // On a stack of its own, which does not keep them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private List<WeakReference> OfferToAFullDisk(DiskTier tier)
    {
        File.CreateSymbolicLink(Path.Combine(Files, NameOf(Span(0)) + CacheFolder.Ending + ".tmp"), "/dev/full");
        var states = new List<WeakReference>();
        for (var i = 0; i < 100; i++)
        {
            var span = Span(i);
            Assert.True(tier.Books.Offer(span, 700, isWorth: true));
            Assert.True(MemoryMarshal.TryGetArray(span.State, out var state));
            states.Add(new WeakReference(state.Array));
        }

        return states;
    }

    private static void Flip(string path, int at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static SavedSpan Span(int seed) =>
        new(PrefixName.Root(Fingerprint, null), 0, [.. Enumerable.Range(seed * 1000, 64)], [.. Enumerable.Range(0, 64).Select(i => (byte)(i + seed))]);

    private static string NameOf(SavedSpan span) => new SpanHeader(span.Before, span.Start, span.TokenMemory, 0).FileName;

    private string[] SpanFiles() => [.. Directory.GetFiles(Files, "*" + CacheFolder.Ending).Order(StringComparer.Ordinal)];

    private DiskTierOptions Options(long perDay = 1 << 20) => new(_folder, 1 << 20, perDay);

    private DiskTier Start(string fingerprint = Fingerprint, long perDay = 1 << 20, TimeProvider? clock = null)
    {
        var tier = new DiskTier(Options(perDay), fingerprint, clock ?? TimeProvider.System, NullLogger.Instance, () => { });
        tier.WaitForScan(TimeSpan.FromSeconds(10));
        tier.Exchange(_store);
        Assert.Equal(DiskTierState.On, tier.State);
        return tier;
    }

    // As a process would that starts, writes and ends.
    private void Write(SavedSpan span)
    {
        using var tier = Start();
        Assert.True(tier.Books.Offer(span, 700, isWorth: true));
        tier.Exchange(_store);
    }

    private SavedSpan Read(DiskTier tier, SavedSpan span)
    {
        var read = tier.Books.Load(tier.Books.Index!.FindLongest(span.Before, span.Tokens, out _)!);
        WaitUntil(tier, () => read.Status != SpanStatus.Loading);
        return read;
    }

    private void WaitUntil(DiskTier tier, Func<bool> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(10);
        tier.Exchange(_store);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "Nothing happened.");
            Thread.Sleep(2);
            tier.Exchange(_store);
        }
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.UtcTicks;
    }
}
