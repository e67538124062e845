using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceServer.Inference.Engine;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>The frames around the work: who speaks, what to load, how far that is, lines of the log, signs of life.</summary>
internal static class SessionFrames
{
    /// <summary>Writes <see cref="FrameKind.Hello"/>.</summary>
    public static void WriteHello(FrameWriter writer, Hello hello)
    {
        writer.Begin(FrameKind.Hello);
        writer.Number(hello.Version);
        writer.Text(hello.Build.ToString());
        writer.Number(hello.ProcessId);
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static Hello ReadHello(ref FrameReader reader)
    {
        var version = reader.Int();
        if (version != Hello.CurrentVersion)
        {
            // Whatever follows may have another form.
            return new Hello(version, default, 0);
        }

        var hello = new Hello(version, Guid.TryParse(reader.Text(), out var build) ? build : throw new FrameException("A build's name is none."), reader.Int());
        reader.End();
        return hello;
    }

    /// <summary>Writes <see cref="FrameKind.Start"/>.</summary>
    public static void WriteStart(FrameWriter writer, EngineStart start)
    {
        writer.Begin(FrameKind.Start);
        writer.Bytes(JsonSerializer.SerializeToUtf8Bytes(start, EngineStartJson.Default.EngineStart));
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static EngineStart ReadStart(ref FrameReader reader)
    {
        try
        {
            var start = JsonSerializer.Deserialize(reader.Bytes(), EngineStartJson.Default.EngineStart) ?? throw new FrameException("There are no options.");
            reader.End();
            return start;
        }
        catch (JsonException exception)
        {
            throw new FrameException($"The options cannot be read: {exception.Message}");
        }
    }

    /// <summary>Writes <see cref="FrameKind.Progress"/>.</summary>
    public static void WriteProgress(FrameWriter writer, float share)
    {
        writer.Begin(FrameKind.Progress);
        writer.Single(share);
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static float ReadProgress(ref FrameReader reader)
    {
        var share = reader.Single();
        reader.End();
        return share;
    }

    /// <summary>Writes a frame that is a line of text: <see cref="FrameKind.LoadFailed"/>, <see cref="FrameKind.Failed"/>.</summary>
    public static void WriteText(FrameWriter writer, FrameKind kind, string text)
    {
        writer.Begin(kind);
        writer.Text(text);
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static string ReadText(ref FrameReader reader)
    {
        var text = reader.Text();
        reader.End();
        return text;
    }

    /// <summary>Writes <see cref="FrameKind.Log"/>.</summary>
    public static void WriteLog(FrameWriter writer, LogLine line)
    {
        writer.Begin(FrameKind.Log);
        writer.Byte((byte)line.Level);
        writer.Text(line.Category);
        writer.Number(line.Event);
        writer.Text(line.Text);
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static LogLine ReadLog(ref FrameReader reader)
    {
        var line = new LogLine(reader.Member<LogLevel>(), reader.Text(), reader.Int(), reader.Text());
        reader.End();
        return line;
    }

    /// <summary>Writes <see cref="FrameKind.Pulse"/>.</summary>
    public static void WritePulse(FrameWriter writer, Pulse pulse)
    {
        writer.Begin(FrameKind.Pulse);
        StatsFrames.Write(writer, pulse.Stats);
        writer.Bool(pulse.HasCommands);
        writer.Number(pulse.NumTakenCommands);
        writer.Double(pulse.LongestStepSeconds);
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static Pulse ReadPulse(ref FrameReader reader)
    {
        var pulse = new Pulse(StatsFrames.Read(ref reader), reader.Bool(), reader.Number(), reader.Double());
        reader.End();
        return pulse;
    }
}

/// <summary>The first frame.</summary>
/// <param name="Version">Of the frames.</param>
/// <param name="Build">The assembly's own mark: a host whose program was replaced on the disk must not talk to the new one.</param>
/// <param name="ProcessId">Of the engine's process.</param>
internal readonly record struct Hello(int Version, Guid Build, int ProcessId)
{
    /// <summary>The version that this program speaks.</summary>
    public const int CurrentVersion = 1;

    /// <summary>This process's.</summary>
    public static Hello Own => new(CurrentVersion, typeof(Hello).Module.ModuleVersionId, Environment.ProcessId);
}

/// <summary>All that the engine's process needs to load.</summary>
internal sealed record EngineStart
{
    /// <summary>Validated.</summary>
    public required InferenceOptions Inference { get; init; }

    /// <summary>Validated.</summary>
    public required CacheOptions Cache { get; init; }

    /// <summary>The GGUF file, or the first of its shards.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The embedding model's file; null if there is none.</summary>
    public string? EmbeddingModelPath { get; init; }

    /// <summary>Requests that may wait, in place of the options'.</summary>
    public required int MaxWaiting { get; init; }

    /// <summary>What the host writes into its log, at least.</summary>
    public LogLevel LogLevel { get; init; }
}

/// <summary>A line of the log, put together.</summary>
/// <param name="Level">How bad.</param>
/// <param name="Category">Who says it.</param>
/// <param name="Event">The event's id.</param>
/// <param name="Text">With its exception, if there was one.</param>
internal readonly record struct LogLine(LogLevel Level, string Category, int Event, string Text);

/// <summary>A sign of life, by a thread that never computes.</summary>
/// <param name="Stats">The counts now.</param>
/// <param name="HasCommands">Something is in the command queue.</param>
/// <param name="NumTakenCommands">Commands that the engine thread has taken out of it since start.</param>
/// <param name="LongestStepSeconds">The longest step there was, those of the warm-up included.</param>
internal readonly record struct Pulse(EngineStats Stats, bool HasCommands, long NumTakenCommands, double LongestStepSeconds);

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(EngineStart))]
internal sealed partial class EngineStartJson : JsonSerializerContext;
