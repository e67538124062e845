using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>What the host must know of the loaded model: <see cref="FrameKind.Ready"/>. Immutable.</summary>
internal sealed record ModelFacts
{
    /// <summary>All tokens.</summary>
    public required TokenTable Tokens { get; init; }

    /// <summary>Tokens of one sequence at most.</summary>
    public required int MaxSequenceTokens { get; init; }

    /// <summary>As <see cref="Engine.IInferenceEngine.Infill"/>.</summary>
    public InfillTokens? Infill { get; init; }

    /// <summary>As <see cref="Engine.IInferenceEngine.ControlTokens"/>.</summary>
    public required IReadOnlyDictionary<string, bool> ControlTokens { get; init; }

    /// <summary>Writes the frame.</summary>
    public void Write(FrameWriter writer)
    {
        writer.Begin(FrameKind.Ready);
        Tokens.Write(writer);
        writer.Number(MaxSequenceTokens);
        writer.Bool(Infill is not null);
        if (Infill is { } infill)
        {
            writer.Number(infill.Prefix);
            writer.Number(infill.Suffix);
            writer.Number(infill.Middle);
        }

        writer.Number(ControlTokens.Count);
        foreach (var (name, ends) in ControlTokens)
        {
            writer.Text(name);
            writer.Bool(ends);
        }

        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static ModelFacts Read(ref FrameReader reader)
    {
        var facts = new ModelFacts
        {
            Tokens = TokenTable.Read(ref reader),
            MaxSequenceTokens = reader.Int(),
            Infill = reader.Bool() ? new InfillTokens(reader.Int(), reader.Int(), reader.Int()) : null,
            ControlTokens = ReadNames(ref reader),
        };
        reader.End();
        return facts;
    }

    private static Dictionary<string, bool> ReadNames(ref FrameReader reader)
    {
        var names = new Dictionary<string, bool>(StringComparer.Ordinal);
        for (var left = reader.Count(2); left > 0; left--)
        {
            names[reader.Text()] = reader.Bool();
        }

        return names;
    }
}
