using System.Reflection;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Remote.Frames;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Tests.Remote.Frames;

public sealed class FrameTests
{
    private const int Runs = 300;

    private delegate T Read<T>(ref FrameReader reader);

    [Fact]
    public void Request_OfEveryKind_ComesOutAsItWentIn()
    {
        for (var seed = 0; seed < Runs; seed++)
        {
            var sent = new RandomMessages(seed).Request();

            var received = RoundTrip(FrameKind.Submit, writer => RequestFrames.WriteSubmit(writer, sent), RequestFrames.ReadSubmit);

            // Written again, since records with memory in them are equal only by reference.
            Assert.Equal(Bytes(writer => RequestFrames.WriteSubmit(writer, sent)), Bytes(writer => RequestFrames.WriteSubmit(writer, received)));
            Assert.Equal(sent.Sampling with { LogitBias = [] }, received.Sampling with { LogitBias = [] });
            Assert.Equal([.. sent.Stop], received.Stop.ToArray());
            Assert.Equal(sent.Grammar, received.Grammar);
            Assert.Equal(sent.PromptTokens.ToArray(), received.PromptTokens.ToArray());
            Assert.Equal((sent.Id, sent.MaxOutputTokens, sent.TopLogProbs, sent.CacheSalt, sent.Class), (received.Id, received.MaxOutputTokens, received.TopLogProbs, received.CacheSalt, received.Class));
            Assert.Equal((sent.OnlyInMemory, sent.WasAdmitted), (received.OnlyInMemory, received.WasAdmitted));
        }
    }

    [Fact]
    public void Calls_AndTheirResults_ComeOutAsTheyWentIn()
    {
        for (var seed = 0; seed < Runs; seed++)
        {
            var messages = new RandomMessages(seed);
            var prompt = messages.Prompt();
            var embed = messages.Embed();
            var result = new EmbedResult { Status = EmbedStatus.InputTooLong, Failure = messages.OrNull(messages.Text), InputIndex = 3, NumTokens = 4, Embeddings = [new Embedding(new[] { messages.Single(), 2f }, 7)] };

            var encoded = RoundTrip(FrameKind.Encode, writer => CallFrames.WriteEncode(writer, seed, prompt), CallFrames.ReadEncode);
            var embedded = RoundTrip(FrameKind.Embed, writer => CallFrames.WriteEmbed(writer, seed, embed), CallFrames.ReadEmbed);
            var vectors = (EmbedResult)RoundTrip(FrameKind.Result, writer => CallFrames.WriteEmbedded(writer, seed, result), CallFrames.ReadResult).Value;

            Assert.Equal((long)seed, encoded.Call);
            Assert.Equal(prompt.Segments.Select(segment => (segment.Text, segment.FromTemplate)), encoded.Prompt.Segments.Select(segment => (segment.Text, segment.FromTemplate)));
            Assert.Equal(prompt.Segments.Select(segment => segment.Tokens.IsDefault ? null : segment.Tokens.ToArray()), encoded.Prompt.Segments.Select(segment => segment.Tokens.IsDefault ? null : segment.Tokens.ToArray()));
            Assert.Equal(prompt.AddsSpecial, encoded.Prompt.AddsSpecial);
            Assert.Equal(Bytes(writer => CallFrames.WriteEmbed(writer, seed, embed)), Bytes(writer => CallFrames.WriteEmbed(writer, seed, embedded.Request)));
            Assert.Equal((result.Status, result.Failure, 3, 4), (vectors.Status, vectors.Failure, vectors.InputIndex, vectors.NumTokens));
            Assert.Equal(result.Embeddings[0].Values.ToArray(), vectors.Embeddings[0].Values.ToArray());
        }

        KvSpan[] map = [new(null, 0, 256, 2), new(7, 256, 3, 1)];
        var spans = RoundTrip(FrameKind.Result, writer => CallFrames.WriteMap(writer, 5, [.. map]), CallFrames.ReadResult);
        Assert.Equal(map, (System.Collections.Immutable.ImmutableArray<KvSpan>)spans.Value);
        var failure = RoundTrip(FrameKind.Result, writer => CallFrames.WriteFailure(writer, 5, CallOutcome.BadArgument, "no"), CallFrames.ReadResult);
        Assert.Equal(new CallResult(5, CallOutcome.BadArgument, "no"), failure);
    }

    [Fact]
    public void Events_OfEveryKind_ComeOutAsTheyWentIn()
    {
        for (var seed = 0; seed < Runs; seed++)
        {
            var messages = new RandomMessages(seed);
            var (id, sent) = (messages.Long(), messages.Event());

            var (receivedId, received) = RoundTrip(FrameKind.Step, writer => WriteStep(writer, id, sent), ReadEvent);

            Assert.Equal(id, receivedId);
            Assert.Equal(Bytes(writer => WriteStep(writer, id, sent)), Bytes(writer => WriteStep(writer, id, received)));
            Assert.Equal((sent.Kind, sent.At, sent.OutputIndex, sent.TokenId, sent.IsControl, sent.EndsGeneration), (received.Kind, received.At, received.OutputIndex, received.TokenId, received.IsControl, received.EndsGeneration));
            Assert.Equal((sent.NumCachedTokens, sent.Reason, sent.MatchedStop), (received.NumCachedTokens, received.Reason, received.MatchedStop));
            Assert.Equal(sent.Bytes.ToArray(), received.Bytes.ToArray());
        }
    }

    [Fact]
    public void Stats_WithEveryPropertySet_ComeOutAsTheyWentIn()
    {
        // A property that is added and not sent would be 0 for ever on the host's side.
        var sent = new EngineStats();
        var next = 1;
        Fill(sent);

        var received = RoundTrip(FrameKind.Pulse, writer => SessionFrames.WritePulse(writer, new Pulse(sent, true, 8, 0.5)), SessionFrames.ReadPulse);

        Assert.Equal([1L, 2L, 3L], received.Stats.Disk.NumDropped);
        Assert.Equal(sent with { Disk = sent.Disk with { NumDropped = [] } }, received.Stats with { Disk = received.Stats.Disk with { NumDropped = [] } });
        Assert.Equal((true, 8L, 0.5), (received.HasCommands, received.NumTakenCommands, received.LongestStepSeconds));

        void Fill(object stats)
        {
            foreach (var property in stats.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                if (property.PropertyType == typeof(DiskStats))
                {
                    Fill(property.GetValue(stats)!);
                }
                else
                {
                    property.SetValue(stats, property.PropertyType.IsEnum ? Enum.ToObject(property.PropertyType, 1)
                        : property.PropertyType == typeof(IReadOnlyList<long>) ? new long[] { 1, 2, 3 }
                        : Convert.ChangeType(next++, property.PropertyType, System.Globalization.CultureInfo.InvariantCulture));
                }
            }
        }
    }

    [Fact]
    public void Reports_GoIntoTheQueue()
    {
        var queue = new StepReportQueue(maxRows: 2);
        var report = new StepReport { StartedAt = 5, EndedAt = 9, RunSeconds = 0.25, Status = RunStatus.NoCells, NumDecodes = 1, NumPrefillTokens = 3, NumOutputTokens = 1 };
        StepRow[] rows = [new(1, true, 1, 20, 1, 0.25f), new(2, false, 3, 3, 0, 0.75f)];

        RoundTrip(FrameKind.Step, Write, (ref FrameReader reader) =>
        {
            Assert.Equal((byte)StepItem.Report, reader.Byte());
            return StepFrames.ReadReport(ref reader, queue);
        });

        var seen = false;
        Assert.True(queue.TryRead((in StepReport read, ReadOnlySpan<StepRow> readRows) => seen = read == report && readRows.SequenceEqual(rows)));
        Assert.True(seen);

        void Write(FrameWriter writer)
        {
            writer.Begin(FrameKind.Step);
            StepFrames.WriteReport(writer, report, rows);
            writer.End();
        }
    }

    [Fact]
    public void Session_Frames_ComeOutAsTheyWentIn()
    {
        var start = new EngineStart
        {
            Inference = new InferenceOptions { ModelPath = "a.gguf", KvCacheType = KvCacheType.Q8_0, Threads = 3, Residency = new ResidencyOptions { KeepWarmSeconds = 4 } },
            Cache = new CacheOptions { MemoryLimit = 5 },
            ModelPath = "/a.gguf",
            MaxWaiting = 9,
            LogLevel = LogLevel.Trace,
        };
        var facts = new ModelFacts
        {
            Tokens = RandomMessages.Tokens,
            MaxSequenceTokens = 77,
            Infill = new InfillTokens(1, 2, 3),
            ControlTokens = new Dictionary<string, bool> { ["<|end|>"] = true, ["<|start|>"] = false },
        };

        var started = RoundTrip(FrameKind.Start, writer => SessionFrames.WriteStart(writer, start), SessionFrames.ReadStart);
        var ready = RoundTrip(FrameKind.Ready, facts.Write, ModelFacts.Read);

        Assert.Equal((KvCacheType.Q8_0, 3, 4, 5, "/a.gguf", 9, LogLevel.Trace), (started.Inference.KvCacheType, started.Inference.Threads, started.Inference.Residency.KeepWarmSeconds, started.Cache.MemoryLimit, started.ModelPath, started.MaxWaiting, started.LogLevel));
        Assert.True(facts.Tokens.IsSameAs(ready.Tokens));
        Assert.Equal((77, facts.Infill), (ready.MaxSequenceTokens, ready.Infill));
        Assert.Equal(facts.ControlTokens, ready.ControlTokens);
        Assert.Equal(Hello.Own, RoundTrip(FrameKind.Hello, writer => SessionFrames.WriteHello(writer, Hello.Own), SessionFrames.ReadHello));
        var line = new LogLine(LogLevel.Error, "llama.cpp", 1900, "out of memory");
        Assert.Equal(line, RoundTrip(FrameKind.Log, writer => SessionFrames.WriteLog(writer, line), SessionFrames.ReadLog));
        Assert.Equal("why", RoundTrip(FrameKind.Failed, writer => SessionFrames.WriteText(writer, FrameKind.Failed, "why"), SessionFrames.ReadText));
        Assert.Equal(0.5f, RoundTrip(FrameKind.Progress, writer => SessionFrames.WriteProgress(writer, 0.5f), SessionFrames.ReadProgress));
    }

    [Fact]
    public void Frame_FlippedAnywhere_IsRefusedWithAReason()
    {
        var frame = Bytes(writer => RequestFrames.WriteSubmit(writer, new RandomMessages(1).Request()));
        for (var bit = 0; bit < 8 * frame.Length; bit++)
        {
            var damaged = (byte[])frame.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));

            var exception = Assert.Throws<FrameException>(() => Receive(damaged));
            Assert.NotEmpty(exception.Message);
        }
    }

    [Fact]
    public void Stream_CutAnywhere_IsRefusedWithAReason()
    {
        var frame = Bytes(writer => RequestFrames.WriteSubmit(writer, new RandomMessages(2).Request()));
        for (var length = 1; length < frame.Length; length++)
        {
            Assert.Throws<FrameException>(() => Receive(frame[..length]));
        }

        // After a whole one the other side may leave.
        Assert.False(new FrameSource(new MemoryStream()).TryReceive(out _, out _));
    }

    [Fact]
    public void Frame_LargerThanAny_IsRefusedBeforeItIsReadOrMade()
    {
        var header = new byte[FrameHeader.Size];
        BitConverter.TryWriteBytes(header, FrameHeader.MaxPayload + 1);
        BitConverter.TryWriteBytes(header.AsSpan(4), ~(FrameHeader.MaxPayload + 1));
        Assert.Contains("not possible", Assert.Throws<FrameException>(() => Receive(header)).Message, StringComparison.Ordinal);

        var writer = new FrameWriter();
        writer.Begin(FrameKind.Log);
        writer.Raw(new byte[FrameHeader.MaxPayload]);
        Assert.Throws<FrameException>(writer.End);
        Assert.True(writer.IsEmpty);
    }

    [Fact]
    public void Payloads_OfAnyBytes_AreReadOrRefused_AndNothingElse()
    {
        // Checksums would stop all of these: here is what stands behind them.
        var random = new Random(7);
        var whole = Bytes(writer => RequestFrames.WriteSubmit(writer, new RandomMessages(3).Request()))[(FrameHeader.Size + 1)..];
        for (var run = 0; run < 20_000; run++)
        {
            byte[] payload;
            if (run % 2 == 0)
            {
                payload = new byte[random.Next(64)];
                random.NextBytes(payload);
            }
            else
            {
                payload = (byte[])whole.Clone();
                payload[random.Next(payload.Length)] = (byte)random.Next(256);
            }

            Try(payload, (ref FrameReader reader) => RequestFrames.ReadSubmit(ref reader));
            Try(payload, (ref FrameReader reader) => CallFrames.ReadEncode(ref reader));
            Try(payload, (ref FrameReader reader) => CallFrames.ReadEmbed(ref reader));
            Try(payload, (ref FrameReader reader) => CallFrames.ReadResult(ref reader));
            Try(payload, (ref FrameReader reader) => ModelFacts.Read(ref reader));
            Try(payload, (ref FrameReader reader) => SessionFrames.ReadPulse(ref reader));
            Try(payload, (ref FrameReader reader) => SessionFrames.ReadStart(ref reader));
            Try(payload, (ref FrameReader reader) => SessionFrames.ReadHello(ref reader));
            Try(payload, (ref FrameReader reader) => SessionFrames.ReadLog(ref reader));
            Try(payload, ReadEvent);
            Try(payload, (ref FrameReader reader) => StepFrames.ReadReport(ref reader, new StepReportQueue(2)));
        }
    }

    [Fact]
    public void Grammar_NestedWithoutEnd_IsRefused()
    {
        var writer = new FrameWriter();
        GrammarFrames.Write(writer, new Inference.Grammar.GrammarSource { Kind = Inference.Grammar.GrammarKind.Composition, Text = "", Parts = Inference.Grammar.GrammarPart.Nothing });
        var payload = writer.Written.ToArray();

        // The last part is an empty literal: in its place one repetition of another, and so on.
        byte[] repeat = [6, 0, 0];
        byte[] nested = [.. payload[..^2], .. Enumerable.Repeat(repeat, 100_000).SelectMany(each => each), 0, 0];

        Assert.Throws<FrameException>(() =>
        {
            var reader = new FrameReader(nested);
            GrammarFrames.Read(ref reader);
        });
    }

    private static void Try<T>(byte[] payload, Read<T> read)
    {
        try
        {
            var reader = new FrameReader(payload);
            read(ref reader);
        }
        catch (FrameException)
        {
            // As it should be.
        }
    }

    private static void WriteStep(FrameWriter writer, long id, GenerationEvent item)
    {
        writer.Begin(FrameKind.Step);
        StepFrames.WriteEvent(writer, id, item);
        writer.End();
    }

    private static (long, GenerationEvent) ReadEvent(ref FrameReader reader)
    {
        var read = StepFrames.ReadEvent(ref reader, (StepItem)reader.Byte(), RandomMessages.Tokens);
        reader.End();
        return read;
    }

    private static byte[] Bytes(Action<FrameWriter> write)
    {
        var writer = new FrameWriter();
        write(writer);
        return writer.Written.ToArray();
    }

    private static void Receive(byte[] bytes)
    {
        var source = new FrameSource(new MemoryStream(bytes));
        while (source.TryReceive(out _, out _))
        {
        }
    }

    private static T RoundTrip<T>(FrameKind kind, Action<FrameWriter> write, Read<T> read)
    {
        var source = new FrameSource(new MemoryStream(Bytes(write)));
        Assert.True(source.TryReceive(out var received, out var payload));
        Assert.Equal(kind, received);
        var reader = new FrameReader(payload);
        var value = read(ref reader);
        reader.End();
        Assert.False(source.TryReceive(out _, out _));
        return value;
    }
}
