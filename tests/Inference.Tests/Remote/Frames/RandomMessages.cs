using System.Collections.Immutable;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Remote.Frames;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Remote.Frames;

/// <summary>Messages with every field set to something, odd values included; the same for the same seed.</summary>
internal sealed class RandomMessages(int seed)
{
    private readonly Random _random = new(seed);

    public static TokenTable Tokens { get; } = TokenTable.Create(300, token => (new[] { (byte)token, (byte)(token >> 8) }.AsMemory(0, token % 3), token % 7 == 0));

    public bool Flag() => _random.Next(2) == 0;

    public int Int() => _random.Next(5) switch
    {
        0 => int.MinValue,
        1 => int.MaxValue,
        2 => _random.Next(-3, 4),
        _ => _random.Next(100_000),
    };

    public long Long() => _random.Next(4) switch
    {
        0 => long.MinValue,
        1 => long.MaxValue,
        _ => _random.NextInt64(),
    };

    public float Single() => _random.Next(5) switch
    {
        0 => float.NegativeInfinity,
        1 => -0f,
        _ => _random.NextSingle(),
    };

    // Lone surrogates and zeros included.
    public string Text() => new([.. Enumerable.Range(0, _random.Next(12)).Select(_ => (char)_random.Next(char.MaxValue + 1))]);

    public int[] Ids() => [.. Enumerable.Range(0, _random.Next(20)).Select(_ => Int())];

    public T? OrNull<T>(Func<T> make)
        where T : class => Flag() ? make() : null;

    public GenerationRequest Request() => new()
    {
        Id = Long(),
        PromptTokens = Ids(),
        OutputTokens = Ids(),
        MaxOutputTokens = Int(),
        MinOutputTokens = Int(),
        Sampling = new SamplingParams
        {
            Temperature = Single(),
            TopP = Single(),
            TopK = Int(),
            MinP = Single(),
            RepeatPenalty = Single(),
            RepeatLastN = Int(),
            PresencePenalty = Single(),
            FrequencyPenalty = Single(),
            LogitBias = [.. Ids().Select(id => new LogitBias(id, Single()))],
            Seed = Long(),
        },
        Stop = [.. Ids().Select(_ => Text())],
        StopTokens = [.. Ids()],
        TopLogProbs = Flag() ? Int() : null,
        PromptTopLogProbs = Flag() ? Int() : null,
        IgnoreEos = Flag(),
        Grammar = OrNull(Grammar),
        Thought = OrNull(() => new ThoughtBudget { MaxTokens = Int(), IsOpen = Flag(), Start = OrNull(Text), End = Text(), EndTokens = [.. Ids()] }),
        Class = (RequestClass)_random.Next(3),
        ReusePrefix = Flag(),
        CacheSalt = OrNull(Text),
        OnlyInMemory = Flag(),
        WasAdmitted = Flag(),
    };

    public GrammarSource Grammar() => new()
    {
        Kind = (GrammarKind)_random.Next(5),
        Text = Text(),
        SchemaPath = Text(),
        IsStrict = Flag(),
        ClosesObjects = Flag(),
        Parts = OrNull(() => Part(4)),
    };

    public PromptText Prompt() =>
        new([.. Enumerable.Range(0, _random.Next(4)).Select(_ => new PromptSegment(Text(), Flag()) { Tokens = Flag() ? [.. Ids()] : default })]) { AddsSpecial = Flag() };

    public EmbedRequest Embed() => new()
    {
        Inputs = [.. Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => (Flag() ? EmbedInput.FromTokens(Ids()) : Flag() ? EmbedInput.FromPair(Text(), Text()) : EmbedInput.FromPrompt(Prompt())) with { Truncate = Flag() })],
    };

    public GenerationEvent Event()
    {
        var kind = (GenerationEventKind)_random.Next(4);
        var piece = Tokens.Get(_random.Next(Tokens.Count));
        return kind switch
        {
            GenerationEventKind.Started => new GenerationEvent { Kind = kind, At = Long(), NumCachedTokens = Int() },
            GenerationEventKind.Prompt => new GenerationEvent { Kind = kind, At = Long(), PromptLogProbs = [.. Ids().Select(_ => LogProbs())] },
            GenerationEventKind.Token => new GenerationEvent
            {
                Kind = kind,
                At = Long(),
                OutputIndex = Int(),
                TokenId = piece.TokenId,
                Bytes = piece.Bytes,
                IsControl = piece.IsControl,
                EndsGeneration = Flag(),
                LogProbs = OrNull(LogProbs),
            },
            _ => new GenerationEvent { Kind = kind, At = Long(), Reason = (FinishReason)_random.Next(4), MatchedStop = OrNull(Text) },
        };
    }

    private TokenLogProbs LogProbs() => new(LogProb(), [.. Enumerable.Range(0, _random.Next(3)).Select(_ => LogProb())]);

    private TokenLogProb LogProb()
    {
        var piece = Tokens.Get(_random.Next(Tokens.Count));
        return new TokenLogProb(piece.TokenId, Single(), piece.Bytes, piece.IsControl);
    }

    private GrammarPart Part(int depth) => _random.Next(depth > 0 ? 7 : 3) switch
    {
        0 => new GrammarPart.Literal(Text()),
        1 => new GrammarPart.ControlToken(Text()),
        2 => new GrammarPart.FreeText([.. Ids().Select(_ => Text())]),
        3 => new GrammarPart.Embedded(Text(), Grammar()),
        4 => new GrammarPart.Sequence(Parts(depth)),
        5 => new GrammarPart.Choice(Parts(depth)),
        _ => new GrammarPart.Repeat(Part(depth - 1), Int(), Flag() ? Int() : null),
    };

    private ImmutableArray<GrammarPart> Parts(int depth) => [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Part(depth - 1))];
}
