using System.Diagnostics;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Remote;

/// <summary>Processes that live and are of no use: found within seconds, counted, reported once, ended, and followed by another that goes on.</summary>
public sealed class WatchedEngineTests
{
    [SkippableTheory]
    [InlineData(3, 0)]
    [InlineData(0, 1)]
    public async Task Cells_ThatDoNotAddUpWhenIdle_AreCuredByARestart(int numUsedCells, int numBookErrors)
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        await using var played = new PlayedEngine();
        var session = await StartAsync(played);

        session.Say(new EngineStats { NumCells = 100, NumUsedCells = numUsedCells, NumBookErrors = numBookErrors });

        await AssertIsCuredAsync(played, session, "Books", "books");
    }

    [SkippableFact]
    public async Task Work_ThatDoesNotGoOn_IsCuredByARestart_AndGoesOnThere()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        await using var played = new PlayedEngine();
        var session = await StartAsync(played);

        var stream = played.Engine.Submit(Request).Stream!;
        Assert.Empty((await session.ReceiveRequestAsync()).OutputTokens.ToArray());
        session.Tell(1, Started());
        session.Tell(1, Token(0, 5));
        session.Say(new EngineStats { NumRunning = 1, NumUsedCells = 4, NumSteps = 1 });

        var next = await AssertIsCuredAsync(played, session, "Stalled", "stalled");
        var again = await next.ReceiveRequestAsync();
        Assert.Equal([5], again.OutputTokens.ToArray());
        Assert.True(again.WasAdmitted);
        next.Tell(1, Started());
        next.Tell(1, Token(1, 6));
        next.Tell(1, new GenerationEvent { Kind = GenerationEventKind.Finished, Reason = FinishReason.Length });
        Assert.Equal([(0, 5), (1, 6)], await ReadTokensAsync(stream));
    }

    [SkippableFact]
    public async Task Queue_ThatNobodyDrains_IsCuredByARestart()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        await using var played = new PlayedEngine();
        var session = await StartAsync(played);

        _ = played.Engine.Submit(Request);
        await session.ReceiveRequestAsync();
        session.Say(new EngineStats { NumQueued = 1 }, hasCommands: true);

        var next = await AssertIsCuredAsync(played, session, "QueueStuck", "queue_stuck");
        Assert.Equal(1, (await next.ReceiveRequestAsync()).Id);
    }

    [SkippableFact]
    public async Task Program_ThatIsAwayForAWhile_IsTriedAgain_AndWhatWaitedGoesOn()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        await using var played = new PlayedEngine();
        var session = await StartAsync(played);
        var stream = played.Engine.Submit(Request).Stream!;
        await session.ReceiveRequestAsync();
        played.TakeProgramAway();
        session.End();

        await PlayedEngine.UntilAsync(() => played.Engine.State == EngineState.Recovering);
        Assert.Contains("3 times without progress; the last time: it could not be started", played.Engine.Failure, StringComparison.Ordinal);
        Assert.Equal(SubmitStatus.Unavailable, played.Engine.Submit(Request with { Id = 2 }).Status);
        played.PutProgramBack();

        // By itself, after its pause.
        var next = await played.NextAsync();
        next.BeReady();
        Assert.Equal(1, (await next.ReceiveRequestAsync()).Id);
        Assert.Equal((EngineState.Ready, null), (played.Engine.State, played.Engine.Failure));
        next.Tell(1, Started());
        next.Tell(1, Token(0, 5));
        next.Tell(1, new GenerationEvent { Kind = GenerationEventKind.Finished, Reason = FinishReason.Length });
        Assert.Equal([(0, 5)], await ReadTokensAsync(stream));
        Assert.Equal(SubmitStatus.Accepted, played.Engine.Submit(Request with { Id = 3 }).Status);
    }

    private static GenerationRequest Request { get; } = new() { Id = 1, PromptTokens = new[] { 1, 2, 3 }, MaxOutputTokens = 4, Sampling = new SamplingParams { Seed = 1 } };

    private static GenerationEvent Started() => new() { Kind = GenerationEventKind.Started };

    private static GenerationEvent Token(int index, int token) => new() { Kind = GenerationEventKind.Token, OutputIndex = index, TokenId = token };

    // The first process, ready.
    private static async Task<PlayedSession> StartAsync(PlayedEngine played)
    {
        var session = await played.NextAsync();
        session.BeReady();
        await played.Loaded;
        return session;
    }

    // From the moment that something is wrong. Returns the process that follows, ready.
    private static async Task<PlayedSession> AssertIsCuredAsync(PlayedEngine played, PlayedSession session, string reason, string label)
    {
        var start = Stopwatch.GetTimestamp();
        await PlayedEngine.UntilAsync(() => played.LinesWith($"The engine's process {session.ProcessId} is ended: {reason}").Length > 0);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(30)); // 2 to 6, but for a machine that has much to do
        session.End();

        var next = await played.NextAsync();
        next.BeReady();
        await PlayedEngine.UntilAsync(() => played.Engine.ProcessId == next.ProcessId && played.LinesWith("The engine is back after").Length == 1);
        Assert.Single(played.LinesWith(" is ended: "));
        Assert.StartsWith($"The engine's process {session.ProcessId} ended: {reason}, exit code 137", Assert.Single(played.LinesWith(" Last step: ")), StringComparison.Ordinal); // killed, and reaped
        Assert.Equal([label], played.Restarts);
        Assert.Equal(EngineState.Ready, played.Engine.State);
        return next;
    }

    private static async Task<List<(int, int)>> ReadTokensAsync(GenerationStream stream)
    {
        var tokens = new List<(int, int)>();
        while (await stream.WaitToReadAsync(CancellationToken.None))
        {
            while (stream.TryRead(out var item))
            {
                if (item.Kind == GenerationEventKind.Token)
                {
                    tokens.Add((item.OutputIndex, item.TokenId));
                }
            }
        }

        return tokens;
    }
}
