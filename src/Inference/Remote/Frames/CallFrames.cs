using System.Collections.Immutable;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>Calls, each with a number by which its result is known: what is asked, and what it came to.</summary>
internal static class CallFrames
{
    /// <summary>Writes <see cref="FrameKind.Encode"/>.</summary>
    public static void WriteEncode(FrameWriter writer, long call, PromptText prompt)
    {
        writer.Begin(FrameKind.Encode);
        writer.Number(call);
        WritePrompt(writer, prompt);
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static (long Call, PromptText Prompt) ReadEncode(ref FrameReader reader)
    {
        var (call, prompt) = (reader.Number(), ReadPrompt(ref reader));
        reader.End();
        return (call, prompt);
    }

    /// <summary>Writes <see cref="FrameKind.Embed"/>.</summary>
    public static void WriteEmbed(FrameWriter writer, long call, EmbedRequest request)
    {
        writer.Begin(FrameKind.Embed);
        writer.Number(call);
        writer.Number(request.Inputs.Length);
        foreach (var input in request.Inputs)
        {
            WriteInput(writer, input);
        }

        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static (long Call, EmbedRequest Request) ReadEmbed(ref FrameReader reader)
    {
        var call = reader.Number();
        var request = new EmbedRequest { Inputs = reader.Items(ReadInput) };
        reader.End();
        return (call, request);
    }

    /// <summary>Writes a frame that is a number: <see cref="FrameKind.Map"/>, <see cref="FrameKind.Cancel"/>, <see cref="FrameKind.Abort"/>.</summary>
    public static void WriteNumber(FrameWriter writer, FrameKind kind, long number)
    {
        writer.Begin(kind);
        writer.Number(number);
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static long ReadNumber(ref FrameReader reader)
    {
        var number = reader.Number();
        reader.End();
        return number;
    }

    /// <summary>Writes <see cref="FrameKind.Result"/>: tokens.</summary>
    public static void WriteTokens(FrameWriter writer, long call, ReadOnlySpan<int> tokens)
    {
        BeginResult(writer, call, CallOutcome.Tokens);
        writer.Tokens(tokens);
        writer.End();
    }

    /// <summary>Writes <see cref="FrameKind.Result"/>: vectors.</summary>
    public static void WriteEmbedded(FrameWriter writer, long call, EmbedResult result)
    {
        BeginResult(writer, call, CallOutcome.Embeddings);
        writer.Byte((byte)result.Status);
        writer.OptionalText(result.Failure);
        writer.Number(result.InputIndex);
        writer.Number(result.NumTokens);
        writer.Number(result.Embeddings.Length);
        foreach (var embedding in result.Embeddings)
        {
            writer.Number(embedding.NumTokens);
            writer.Singles(embedding.Values.Span);
        }

        writer.End();
    }

    /// <summary>Writes <see cref="FrameKind.Result"/>: the map.</summary>
    public static void WriteMap(FrameWriter writer, long call, ImmutableArray<KvSpan> map)
    {
        BeginResult(writer, call, CallOutcome.Map);
        writer.Number(map.Length);
        foreach (var span in map)
        {
            writer.OptionalNumber(span.RequestId);
            writer.Number(span.Start);
            writer.Number(span.NumCells);
            writer.Number(span.NumUsers);
        }

        writer.End();
    }

    /// <summary>Writes <see cref="FrameKind.Result"/>: an exception.</summary>
    public static void WriteFailure(FrameWriter writer, long call, CallOutcome outcome, string message)
    {
        BeginResult(writer, call, outcome);
        writer.Text(message);
        writer.End();
    }

    /// <summary>Reads <see cref="FrameKind.Result"/>.</summary>
    public static CallResult ReadResult(ref FrameReader reader)
    {
        var (call, outcome) = (reader.Number(), reader.Member<CallOutcome>());
        object value = outcome switch
        {
            CallOutcome.Tokens => reader.Tokens(),
            CallOutcome.Embeddings => ReadEmbedded(ref reader),
            CallOutcome.Map => ReadMap(ref reader),
            _ => reader.Text(),
        };
        reader.End();
        return new CallResult(call, outcome, value);
    }

    private static void BeginResult(FrameWriter writer, long call, CallOutcome outcome)
    {
        writer.Begin(FrameKind.Result);
        writer.Number(call);
        writer.Byte((byte)outcome);
    }

    private static void WritePrompt(FrameWriter writer, PromptText prompt)
    {
        writer.Bool(prompt.AddsSpecial);
        writer.Number(prompt.Segments.Length);
        foreach (var segment in prompt.Segments)
        {
            writer.Bool(segment.FromTemplate);
            writer.Text(segment.Text);
            writer.Bool(!segment.Tokens.IsDefault);
            if (!segment.Tokens.IsDefault)
            {
                writer.Tokens(segment.Tokens.AsSpan());
            }
        }
    }

    private static PromptText ReadPrompt(ref FrameReader reader)
    {
        var addsSpecial = reader.Bool();
        return new PromptText(reader.Items(ReadSegment)) { AddsSpecial = addsSpecial };
    }

    private static PromptSegment ReadSegment(ref FrameReader reader)
    {
        var fromTemplate = reader.Bool();
        return new PromptSegment(reader.Text(), fromTemplate) { Tokens = reader.Bool() ? ImmutableArray.Create(reader.Tokens()) : default };
    }

    private static void WriteInput(FrameWriter writer, EmbedInput input)
    {
        writer.Bool(input.Truncate);
        writer.Bool(input.Text is not null);
        if (input.Text is not { } text)
        {
            writer.Tokens(input.Tokens.Span);
            return;
        }

        WritePrompt(writer, text);
        writer.Bool(input.Second is not null);
        if (input.Second is { } second)
        {
            WritePrompt(writer, second);
        }
    }

    private static EmbedInput ReadInput(ref FrameReader reader)
    {
        var truncate = reader.Bool();
        return reader.Bool()
            ? EmbedInput.FromPrompts(ReadPrompt(ref reader), reader.Bool() ? ReadPrompt(ref reader) : null) with { Truncate = truncate }
            : EmbedInput.FromTokens(reader.Tokens()) with { Truncate = truncate };
    }

    private static EmbedResult ReadEmbedded(ref FrameReader reader) => new()
    {
        Status = reader.Member<EmbedStatus>(),
        Failure = reader.OptionalText(),
        InputIndex = reader.Int(),
        NumTokens = reader.Int(),
        Embeddings = reader.Items(ReadEmbedding, itemBytes: 2),
    };

    private static Embedding ReadEmbedding(ref FrameReader reader)
    {
        var numTokens = reader.Int();
        return new Embedding(reader.Singles(), numTokens);
    }

    private static ImmutableArray<KvSpan> ReadMap(ref FrameReader reader) =>
        reader.Items(static (ref FrameReader item) => new KvSpan(item.OptionalNumber(), item.Int(), item.Int(), item.Int()), itemBytes: 4);
}

/// <summary>What a call came to.</summary>
/// <param name="Call">Which.</param>
/// <param name="Outcome">What the value is.</param>
/// <param name="Value">An array of tokens, an <see cref="EmbedResult"/>, a map, or a line of text.</param>
internal readonly record struct CallResult(long Call, CallOutcome Outcome, object Value);

/// <summary>Kinds of result.</summary>
internal enum CallOutcome : byte
{
    /// <summary>Token ids.</summary>
    Tokens,

    /// <summary>An <see cref="EmbedResult"/>.</summary>
    Embeddings,

    /// <summary>The map of the KV memory.</summary>
    Map,

    /// <summary>The engine took no work: <see cref="EngineUnavailableException"/>.</summary>
    Unavailable,

    /// <summary>The caller's mistake: <see cref="ArgumentException"/>.</summary>
    BadArgument,

    /// <summary>A bug.</summary>
    Failed,
}
