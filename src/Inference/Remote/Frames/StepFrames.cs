using System.Collections.Immutable;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>What a step gives, item by item in one frame: counts first, then reports, then events, so that whoever sees an event finds its step counted.</summary>
internal static class StepFrames
{
    /// <summary>Writes an event.</summary>
    public static void WriteEvent(FrameWriter writer, long requestId, in GenerationEvent item)
    {
        writer.Byte((byte)((int)StepItem.Started + (int)item.Kind));
        writer.Number(requestId);
        writer.Number(item.At);
        switch (item.Kind)
        {
            case GenerationEventKind.Started:
                writer.Number(item.NumCachedTokens);
                break;
            case GenerationEventKind.Prompt:
                writer.Number(item.PromptLogProbs.Length);
                foreach (var each in item.PromptLogProbs)
                {
                    WriteLogProbs(writer, each);
                }

                break;
            case GenerationEventKind.Token:
                writer.Number(item.OutputIndex);
                writer.Number(item.TokenId);
                writer.Bool(item.EndsGeneration);
                writer.Bool(item.LogProbs is not null);
                if (item.LogProbs is { } logProbs)
                {
                    WriteLogProbs(writer, logProbs);
                }

                break;
            default:
                writer.Byte((byte)item.Reason);
                writer.OptionalText(item.MatchedStop);
                break;
        }
    }

    /// <summary>Reads an event.</summary>
    /// <param name="reader">Behind the item's byte.</param>
    /// <param name="kind">The item's byte.</param>
    /// <param name="tokens">What the tokens are.</param>
    public static (long RequestId, GenerationEvent Event) ReadEvent(ref FrameReader reader, StepItem kind, TokenTable tokens)
    {
        var (requestId, at) = (reader.Number(), reader.Number());
        switch (kind)
        {
            case StepItem.Started:
                return (requestId, new GenerationEvent { Kind = GenerationEventKind.Started, At = at, NumCachedTokens = reader.Int() });
            case StepItem.Prompt:
                return (requestId, new GenerationEvent { Kind = GenerationEventKind.Prompt, At = at, PromptLogProbs = ReadPromptLogProbs(ref reader, tokens) });
            case StepItem.Token:
                var index = reader.Int();
                var piece = tokens.Get(reader.Int());
                return (requestId, new GenerationEvent
                {
                    Kind = GenerationEventKind.Token,
                    At = at,
                    OutputIndex = index,
                    TokenId = piece.TokenId,
                    Bytes = piece.Bytes,
                    IsControl = piece.IsControl,
                    EndsGeneration = reader.Bool(),
                    LogProbs = reader.Bool() ? ReadLogProbs(ref reader, tokens) : null,
                });
            default:
                return (requestId, new GenerationEvent { Kind = GenerationEventKind.Finished, At = at, Reason = reader.Member<FinishReason>(), MatchedStop = reader.OptionalText() });
        }
    }

    /// <summary>Writes a report.</summary>
    public static void WriteReport(FrameWriter writer, in StepReport report, ReadOnlySpan<StepRow> rows)
    {
        writer.Byte((byte)StepItem.Report);
        writer.Number(report.StartedAt);
        writer.Number(report.EndedAt - report.StartedAt);
        writer.Double(report.RunSeconds);
        writer.Byte((byte)report.Status);
        writer.Number(report.NumDecodes);
        writer.Number(report.NumPrefillTokens);
        writer.Number(report.NumOutputTokens);
        writer.Number(rows.Length);
        foreach (ref readonly var row in rows)
        {
            writer.Number(row.RequestId);
            writer.Bool(row.IsDecode);
            writer.Number(row.NumTokens);
            writer.Number(row.NumContextTokens);
            writer.Number(row.NumOutputTokens);
            writer.Single(row.Share);
        }
    }

    /// <summary>Reads a report into a queue, which drops it if it is full.</summary>
    public static StepReport ReadReport(ref FrameReader reader, StepReportQueue queue)
    {
        var startedAt = reader.Number();
        var report = new StepReport
        {
            StartedAt = startedAt,
            EndedAt = startedAt + reader.Number(),
            RunSeconds = reader.Double(),
            Status = reader.Member<RunStatus>(),
            NumDecodes = reader.Int(),
            NumPrefillTokens = reader.Int(),
            NumOutputTokens = reader.Int(),
        };
        var numRows = reader.Count(9);
        var rows = queue.Begin();
        if (!rows.IsEmpty && numRows > rows.Length)
        {
            throw new FrameException($"A step of {numRows} rows is larger than any: {rows.Length}.");
        }

        for (var i = 0; i < numRows; i++)
        {
            var row = new StepRow(reader.Number(), reader.Bool(), reader.Int(), reader.Int(), reader.Int(), reader.Single());
            if (!rows.IsEmpty)
            {
                rows[i] = row;
            }
        }

        if (!rows.IsEmpty)
        {
            queue.End(report, numRows);
        }

        return report;
    }

    // The pieces are the token table's.
    private static void WriteLogProbs(FrameWriter writer, TokenLogProbs logProbs)
    {
        WriteLogProb(writer, logProbs.Chosen);
        writer.Number(logProbs.Top.Length);
        foreach (var each in logProbs.Top)
        {
            WriteLogProb(writer, each);
        }
    }

    // Apart from the other events: what holds the table for the items costs an allocation, which a token without log probabilities does not pay.
    private static ImmutableArray<TokenLogProbs> ReadPromptLogProbs(ref FrameReader reader, TokenTable tokens) =>
        reader.Items((ref FrameReader item) => ReadLogProbs(ref item, tokens), itemBytes: 6);

    private static TokenLogProbs ReadLogProbs(ref FrameReader reader, TokenTable tokens)
    {
        var chosen = ReadLogProb(ref reader, tokens);
        return new TokenLogProbs(chosen, reader.Items((ref FrameReader item) => ReadLogProb(ref item, tokens), itemBytes: 1 + sizeof(float)));
    }

    private static void WriteLogProb(FrameWriter writer, in TokenLogProb logProb)
    {
        writer.Number(logProb.TokenId);
        writer.Single(logProb.LogProb);
    }

    private static TokenLogProb ReadLogProb(ref FrameReader reader, TokenTable tokens)
    {
        var piece = tokens.Get(reader.Int());
        return new TokenLogProb(piece.TokenId, reader.Single(), piece.Bytes, piece.IsControl);
    }
}

/// <summary>Items of a step's frame.</summary>
internal enum StepItem : byte
{
    /// <summary>Counts.</summary>
    Stats = 1,

    /// <summary>A step's report.</summary>
    Report,

    /// <summary>The events, in the order of <see cref="GenerationEventKind"/>.</summary>
    Started,

    /// <inheritdoc cref="GenerationEventKind.Prompt"/>
    Prompt,

    /// <inheritdoc cref="GenerationEventKind.Token"/>
    Token,

    /// <inheritdoc cref="GenerationEventKind.Finished"/>
    Finished,
}
