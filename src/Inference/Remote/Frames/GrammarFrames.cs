using System.Collections.Immutable;
using InferenceServer.Inference.Grammar;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>Grammars as their sources: they were checked on this side and are compiled on the other.</summary>
internal static class GrammarFrames
{
    // Compositions are built by us, a few levels deep; damaged bytes must not overflow the stack.
    private const int MaxDepth = 64;

    private enum Part : byte
    {
        Literal,
        ControlToken,
        FreeText,
        Embedded,
        Sequence,
        Choice,
        Repeat,
    }

    /// <summary>Writes a source into the frame at hand.</summary>
    public static void Write(FrameWriter writer, GrammarSource source)
    {
        writer.Byte((byte)source.Kind);
        writer.Text(source.Text);
        writer.Text(source.SchemaPath);
        writer.Bool(source.IsStrict);
        writer.Bool(source.ClosesObjects);
        writer.Bool(source.Parts is not null);
        if (source.Parts is { } parts)
        {
            Write(writer, parts);
        }
    }

    /// <summary>Reads it.</summary>
    public static GrammarSource Read(ref FrameReader reader) => ReadSource(ref reader, MaxDepth);

    private static GrammarSource ReadSource(ref FrameReader reader, int depth) => new()
    {
        Kind = reader.Member<GrammarKind>(),
        Text = reader.Text(),
        SchemaPath = reader.Text(),
        IsStrict = reader.Bool(),
        ClosesObjects = reader.Bool(),
        Parts = reader.Bool() ? ReadPart(ref reader, depth) : null,
    };

    private static void Write(FrameWriter writer, GrammarPart part)
    {
        switch (part)
        {
            case GrammarPart.Literal literal:
                writer.Byte((byte)Part.Literal);
                writer.Text(literal.Text);
                break;
            case GrammarPart.ControlToken token:
                writer.Byte((byte)Part.ControlToken);
                writer.Text(token.Name);
                break;
            case GrammarPart.FreeText free:
                writer.Byte((byte)Part.FreeText);
                writer.Number(free.Excluded.Length);
                foreach (var text in free.Excluded)
                {
                    writer.Text(text);
                }

                break;
            case GrammarPart.Embedded embedded:
                writer.Byte((byte)Part.Embedded);
                writer.Text(embedded.Name);
                Write(writer, embedded.Source);
                break;
            case GrammarPart.Sequence sequence:
                Write(writer, Part.Sequence, sequence.Items);
                break;
            case GrammarPart.Choice choice:
                Write(writer, Part.Choice, choice.Options);
                break;
            case GrammarPart.Repeat repeat:
                writer.Byte((byte)Part.Repeat);
                writer.Number(repeat.Min);
                writer.OptionalNumber(repeat.Max);
                Write(writer, repeat.Item);
                break;
            default:
                throw new ArgumentException($"A grammar's part of type {part.GetType().Name} has no frame.", nameof(part));
        }
    }

    private static void Write(FrameWriter writer, Part kind, ImmutableArray<GrammarPart> items)
    {
        writer.Byte((byte)kind);
        writer.Number(items.Length);
        foreach (var item in items)
        {
            Write(writer, item);
        }
    }

    private static GrammarPart ReadPart(ref FrameReader reader, int depth)
    {
        if (depth == 0)
        {
            throw new FrameException($"A grammar has more than {MaxDepth} levels.");
        }

        switch (reader.Member<Part>())
        {
            case Part.Literal:
                return new GrammarPart.Literal(reader.Text());
            case Part.ControlToken:
                return new GrammarPart.ControlToken(reader.Text());
            case Part.FreeText:
                return new GrammarPart.FreeText(RequestFrames.ReadTexts(ref reader));
            case Part.Embedded:
                return new GrammarPart.Embedded(reader.Text(), ReadSource(ref reader, depth - 1));
            case Part.Sequence:
                return new GrammarPart.Sequence(ReadParts(ref reader, depth - 1));
            case Part.Choice:
                return new GrammarPart.Choice(ReadParts(ref reader, depth - 1));
            default:
                var (min, max) = (reader.Int(), reader.OptionalInt());
                return new GrammarPart.Repeat(ReadPart(ref reader, depth - 1), min, max);
        }
    }

    private static ImmutableArray<GrammarPart> ReadParts(ref FrameReader reader, int depth) => reader.Items((ref FrameReader item) => ReadPart(ref item, depth));
}
