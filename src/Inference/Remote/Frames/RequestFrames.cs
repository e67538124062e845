using System.Collections.Immutable;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>Generations on their way to the engine, with the tokens that they have already.</summary>
internal static class RequestFrames
{
    /// <summary>Writes <see cref="FrameKind.Submit"/>.</summary>
    public static void WriteSubmit(FrameWriter writer, GenerationRequest request)
    {
        writer.Begin(FrameKind.Submit);
        writer.Number(request.Id);
        writer.Tokens(request.PromptTokens.Span);
        writer.Tokens(request.OutputTokens.Span);
        writer.Number(request.MaxOutputTokens);
        writer.Number(request.MinOutputTokens);
        WriteSampling(writer, request.Sampling);
        writer.Number(request.Stop.Length);
        foreach (var text in request.Stop)
        {
            writer.Text(text);
        }

        writer.Tokens(request.StopTokens.AsSpan());
        writer.OptionalNumber(request.TopLogProbs);
        writer.OptionalNumber(request.PromptTopLogProbs);
        writer.Bool(request.IgnoreEos);
        writer.Bool(request.Grammar is not null);
        if (request.Grammar is { } grammar)
        {
            GrammarFrames.Write(writer, grammar);
        }

        writer.Bool(request.Thought is not null);
        if (request.Thought is { } thought)
        {
            WriteThought(writer, thought);
        }

        writer.Byte((byte)request.Class);
        writer.Bool(request.ReusePrefix);
        writer.OptionalText(request.CacheSalt);
        writer.Bool(request.OnlyInMemory);
        writer.Bool(request.WasAdmitted);
        writer.End();
    }

    /// <summary>Reads it.</summary>
    public static GenerationRequest ReadSubmit(ref FrameReader reader)
    {
        var request = new GenerationRequest
        {
            Id = reader.Number(),
            PromptTokens = reader.Tokens(),
            OutputTokens = reader.Tokens(),
            MaxOutputTokens = reader.Int(),
            MinOutputTokens = reader.Int(),
            Sampling = ReadSampling(ref reader),
            Stop = ReadTexts(ref reader),
            StopTokens = ImmutableArray.Create(reader.Tokens()),
            TopLogProbs = reader.OptionalInt(),
            PromptTopLogProbs = reader.OptionalInt(),
            IgnoreEos = reader.Bool(),
            Grammar = reader.Bool() ? GrammarFrames.Read(ref reader) : null,
            Thought = reader.Bool() ? ReadThought(ref reader) : null,
            Class = reader.Member<RequestClass>(),
            ReusePrefix = reader.Bool(),
            CacheSalt = reader.OptionalText(),
            OnlyInMemory = reader.Bool(),
            WasAdmitted = reader.Bool(),
        };
        reader.End();
        return request;
    }

    /// <summary>Texts, one after the other, after their number.</summary>
    public static ImmutableArray<string> ReadTexts(ref FrameReader reader) => reader.Items(static (ref FrameReader item) => item.Text());

    private static void WriteSampling(FrameWriter writer, SamplingParams sampling)
    {
        writer.Single(sampling.Temperature);
        writer.Single(sampling.TopP);
        writer.Number(sampling.TopK);
        writer.Single(sampling.MinP);
        writer.Single(sampling.RepeatPenalty);
        writer.Number(sampling.RepeatLastN);
        writer.Single(sampling.PresencePenalty);
        writer.Single(sampling.FrequencyPenalty);
        writer.Number(sampling.LogitBias.Length);
        foreach (var bias in sampling.LogitBias)
        {
            writer.Number(bias.TokenId);
            writer.Single(bias.Bias);
        }

        writer.Number(sampling.Seed);
    }

    private static SamplingParams ReadSampling(ref FrameReader reader) => new()
    {
        Temperature = reader.Single(),
        TopP = reader.Single(),
        TopK = reader.Int(),
        MinP = reader.Single(),
        RepeatPenalty = reader.Single(),
        RepeatLastN = reader.Int(),
        PresencePenalty = reader.Single(),
        FrequencyPenalty = reader.Single(),
        LogitBias = ReadBias(ref reader),
        Seed = reader.Number(),
    };

    private static ImmutableArray<LogitBias> ReadBias(ref FrameReader reader) =>
        reader.Items(static (ref FrameReader item) => new LogitBias(item.Int(), item.Single()), itemBytes: 1 + sizeof(float));

    private static void WriteThought(FrameWriter writer, ThoughtBudget thought)
    {
        writer.Number(thought.MaxTokens);
        writer.Bool(thought.IsOpen);
        writer.OptionalText(thought.Start);
        writer.Text(thought.End);
        writer.Tokens(thought.EndTokens.AsSpan());
    }

    private static ThoughtBudget ReadThought(ref FrameReader reader) => new()
    {
        MaxTokens = reader.Int(),
        IsOpen = reader.Bool(),
        Start = reader.OptionalText(),
        End = reader.Text(),
        EndTokens = ImmutableArray.Create(reader.Tokens()),
    };
}
