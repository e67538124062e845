using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Inference.Native;

/// <summary>
/// Takes llama.cpp's log lines into ours. There is one callback in the process, so this is static: the last
/// <see cref="Logger"/> gets the lines. Remembers the last complaints, because a failed call tells its reason only here.
/// Lines come from any thread.
/// </summary>
internal static class NativeLog
{
    /// <summary>Category of the lines.</summary>
    public const string Category = "llama.cpp";

    /// <summary>Complaints remembered: more than one failed load ever prints.</summary>
    private const int MaxComplaints = 64;

    private static readonly Lock Sync = new();
    private static readonly NativeLogLines Lines = new(Publish);
    private static readonly Queue<(LogLevel Level, string Line)> Complaints = new();
    private static long _numComplaints;
    private static volatile ILogger _logger = NullLogger.Instance;

    /// <summary>Where the lines go. The library is chatty while it loads: what it calls information is Debug here, its debug lines are Trace.</summary>
    public static ILogger Logger
    {
        get => _logger;
        set => _logger = value;
    }

    /// <summary>A point in time to give to <see cref="ComplaintsSince"/>.</summary>
    public static long Mark()
    {
        lock (Sync)
        {
            return _numComplaints;
        }
    }

    /// <summary>Errors after a mark, or warnings if there were none; oldest first, without the older ones if there were many.</summary>
    public static IReadOnlyList<string> ComplaintsSince(long mark)
    {
        lock (Sync)
        {
            var count = (int)Math.Min(_numComplaints - mark, Complaints.Count);
            var since = Complaints.Skip(Complaints.Count - count).ToList();
            var worst = since.Select(complaint => complaint.Level).DefaultIfEmpty().Max();
            return [.. since.Where(complaint => complaint.Level == worst).Select(complaint => complaint.Line)];
        }
    }

    /// <summary>Registers the callback; once, before anything else is called.</summary>
    public static unsafe void Attach() => LlamaApi.llama_log_set(&OnLine, null);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void OnLine(int level, byte* text, void* userData)
    {
        try
        {
            var bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
            lock (Sync)
            {
                Lines.Add(level, Encoding.UTF8.GetString(bytes));
            }
        }
#pragma warning disable CA1031 // An exception that leaves for native code ends the process; a lost log line does not.
        catch (Exception)
        {
        }
#pragma warning restore CA1031
    }

    private static void Publish(LogLevel level, string line)
    {
        // All requests together may hold more tokens than one may: n_ctx over n_ctx_train is how the context is meant, see ContextSettings.
        if (line.Contains("possible training context overflow", StringComparison.Ordinal))
        {
            level = LogLevel.Debug;
        }

        if (level >= LogLevel.Warning)
        {
            _numComplaints++;
            Complaints.Enqueue((level, line));
            if (Complaints.Count > MaxComplaints)
            {
                Complaints.Dequeue();
            }
        }

        NativeLogMessages.NativeLine(_logger, level, line);
    }
}
