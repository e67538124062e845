using System.Security.Cryptography;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Tests.Cache.Disk;

public sealed class SpanFileTests
{
    private static readonly byte[] Fingerprint = SHA256.HashData("model"u8);

    [Fact]
    public void Read_WhatWasWritten_GivesItBack()
    {
        var (file, header) = Make();

        Assert.Equal(SpanFault.None, Read(file, header.FileName, out var found, out var state));
        Assert.Equal((header.Before, header.Start, header.ConversationLength), (found!.Before, found.Start, found.ConversationLength));
        Assert.Equal(header.Tokens.ToArray(), found.Tokens.ToArray());
        Assert.Equal(State(), state);
        Assert.Equal(file.Length, SpanFile.FileBytes(header.Tokens.Length, State().Length));
    }

    [Fact]
    public void Read_AnyBitFlipped_GivesNoState()
    {
        var (file, header) = Make();
        for (var i = 0; i < file.Length * 8; i++)
        {
            var flipped = file.ToArray();
            flipped[i / 8] ^= (byte)(1 << (i % 8));

            Assert.NotEqual(SpanFault.None, Read(flipped, header.FileName, out _, out var state));
            Assert.Null(state);
        }
    }

    [Fact]
    public void Read_CutAtAnyLengthOrLonger_GivesNoState()
    {
        var (file, header) = Make();
        for (var length = 0; length < file.Length; length++)
        {
            Assert.NotEqual(SpanFault.None, Read(file[..length], header.FileName, out _, out var state));
            Assert.Null(state);
        }

        Assert.Equal(SpanFault.Truncated, Read([.. file, 0], header.FileName, out _, out _));
    }

    [Fact]
    public void Read_OtherNameModelOrVersion_SaysWhich()
    {
        var (file, header) = Make();
        var older = file.ToArray();
        older[8] = SpanFile.Version - 1;

        Assert.Equal(SpanFault.Mismatch, Read(file, new string('0', 32), out _, out _));
        Assert.Equal(SpanFault.Version, Read(older, header.FileName, out _, out _));
        Assert.Equal(SpanFault.Version, Read(new byte[1000], header.FileName, out _, out _));
        Assert.Equal(SpanFault.Foreign, SpanFile.ReadHead(file, file.Length, header.FileName, SHA256.HashData("other"u8), out var foreign));
        Assert.NotNull(foreign);
    }

    [Fact]
    public void FileName_OtherTokensOrPrefix_Differs()
    {
        var header = Make().Header;

        Assert.NotEqual(header.FileName, (header with { Tokens = new[] { 1, 2, 4 } }).FileName);
        Assert.NotEqual(header.FileName, (header with { Before = PrefixName.Root("f", "salt") }).FileName);
        Assert.Matches("^[0-9a-f]{32}$", header.FileName);
    }

    private static SpanFault Read(byte[] file, string name, out SpanHeader? header, out byte[]? state)
    {
        state = null;
        var fault = SpanFile.ReadHead(file, file.Length, name, Fingerprint, out header);
        if (fault == SpanFault.None)
        {
            state = SpanFile.ReadState(file);
            fault = state is null ? SpanFault.Corrupt : SpanFault.None;
        }

        return fault;
    }

    private static (byte[] File, SpanHeader Header) Make()
    {
        var header = new SpanHeader(PrefixName.Root("f", null), 128, new[] { 1, 2, 3 }, 700);
        return ([.. SpanFile.EncodeHead(header, Fingerprint, State()), .. State()], header);
    }

    private static byte[] State() => [.. Enumerable.Range(0, 50).Select(i => (byte)(i * 7))];
}
