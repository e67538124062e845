namespace InferenceServer.Inference.Native;

/// <summary>How many native models, contexts and batches are alive in the process. Tests hold it against zero. Any thread.</summary>
internal static class NativeHandleCount
{
    private static int _live;

    /// <summary>Opened and not yet released.</summary>
    public static int Live => Volatile.Read(ref _live);

    public static void Add() => Interlocked.Increment(ref _live);

    public static void Remove() => Interlocked.Decrement(ref _live);
}
