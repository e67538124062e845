using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Inference.Engine;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>The engine's counts: every property of <see cref="EngineStats"/>, in its order (a test looks for one that is missing).</summary>
internal static class StatsFrames
{
    /// <summary>Writes them into the frame at hand.</summary>
    public static void Write(FrameWriter writer, EngineStats stats)
    {
        writer.Number(stats.NumRunning);
        writer.Number(stats.NumWaiting);
        writer.Number(stats.NumPreempted);
        writer.Number(stats.NumDeferred);
        writer.Number(stats.NumCells);
        writer.Number(stats.NumUsedCells);
        writer.Number(stats.NumCachedCells);
        writer.Number(stats.StepStartedAt);
        writer.Number(stats.NumSteps);
        writer.Number(stats.NumPromptTokens);
        writer.Number(stats.NumCachedTokens);
        writer.Number(stats.NumQueriedTokens);
        writer.Number(stats.NumPrefillTokens);
        writer.Number(stats.NumOutputTokens);
        writer.Number(stats.NumPreemptions);
        writer.Number(stats.NumFailedSteps);
        writer.Number(stats.NumKeepWarmSteps);
        writer.Number(stats.NumBookChecks);
        writer.Number(stats.NumBookErrors);
        writer.Number(stats.NumStoredBytes);
        writer.Number(stats.NumStoredTokens);
        writer.Number(stats.NumSavedTokens);
        writer.Number(stats.NumRestoredTokens);
        writer.Number(stats.NumEvictedCells);
        writer.Number(stats.NumEvictedTokens);
        writer.Double(stats.SaveSeconds);
        writer.Double(stats.RestoreSeconds);
        writer.Number(stats.NumQueued);
        writer.Number(stats.NumCellHits);
        writer.Number(stats.NumMemoryHits);
        Write(writer, stats.Disk);
    }

    /// <summary>Reads them.</summary>
    public static EngineStats Read(ref FrameReader reader) => new()
    {
        NumRunning = reader.Int(),
        NumWaiting = reader.Int(),
        NumPreempted = reader.Int(),
        NumDeferred = reader.Int(),
        NumCells = reader.Int(),
        NumUsedCells = reader.Int(),
        NumCachedCells = reader.Int(),
        StepStartedAt = reader.Number(),
        NumSteps = reader.Number(),
        NumPromptTokens = reader.Number(),
        NumCachedTokens = reader.Number(),
        NumQueriedTokens = reader.Number(),
        NumPrefillTokens = reader.Number(),
        NumOutputTokens = reader.Number(),
        NumPreemptions = reader.Number(),
        NumFailedSteps = reader.Number(),
        NumKeepWarmSteps = reader.Number(),
        NumBookChecks = reader.Number(),
        NumBookErrors = reader.Number(),
        NumStoredBytes = reader.Number(),
        NumStoredTokens = reader.Number(),
        NumSavedTokens = reader.Number(),
        NumRestoredTokens = reader.Number(),
        NumEvictedCells = reader.Number(),
        NumEvictedTokens = reader.Number(),
        SaveSeconds = reader.Double(),
        RestoreSeconds = reader.Double(),
        NumQueued = reader.Int(),
        NumCellHits = reader.Number(),
        NumMemoryHits = reader.Number(),
        Disk = ReadDisk(ref reader),
    };

    private static void Write(FrameWriter writer, DiskStats stats)
    {
        writer.Byte((byte)stats.State);
        writer.Number(stats.NumBytes);
        writer.Number(stats.NumTokens);
        writer.Number(stats.NumBytesLeft);
        writer.Number(stats.NumHits);
        writer.Number(stats.NumRestoredTokens);
        writer.Number(stats.NumWrittenTokens);
        writer.Number(stats.NumWrittenBytes);
        writer.Number(stats.NumReadBytes);
        writer.Number(stats.NumEvictedTokens);
        writer.Number(stats.NumOverBudget);
        writer.Double(stats.WriteSeconds);
        writer.Double(stats.ReadSeconds);
        writer.Number(stats.NumDropped.Count);
        foreach (var count in stats.NumDropped)
        {
            writer.Number(count);
        }
    }

    private static DiskStats ReadDisk(ref FrameReader reader) => new()
    {
        State = reader.Member<DiskTierState>(),
        NumBytes = reader.Number(),
        NumTokens = reader.Number(),
        NumBytesLeft = reader.Number(),
        NumHits = reader.Number(),
        NumRestoredTokens = reader.Number(),
        NumWrittenTokens = reader.Number(),
        NumWrittenBytes = reader.Number(),
        NumReadBytes = reader.Number(),
        NumEvictedTokens = reader.Number(),
        NumOverBudget = reader.Number(),
        WriteSeconds = reader.Double(),
        ReadSeconds = reader.Double(),
        NumDropped = ReadCounts(ref reader),
    };

    private static long[] ReadCounts(ref FrameReader reader)
    {
        var counts = new long[reader.Count()];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = reader.Number();
        }

        return counts;
    }
}
