using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Native;

/// <summary>
/// A context whose decode call can be interrupted between two operations of its graph and continued later, while other contexts of the same model compute. The library calls back
/// between operations; a thread of this object's own makes the call and waits there. The thread that advances it is the only one that computes: both never run at once.
/// Of one thread, the engine's.
/// </summary>
internal sealed unsafe class PausableContext : IDisposable
{
    // A segment of operations is what a pause waits for, and each is handed to the device and waited for by itself: long enough that this costs next to nothing
    // (a few tens of microseconds on a CPU or GPU), short beside the pauses that people see.
    private const double MinSegmentMs = 5;
    private const double MaxSegmentMs = 20;
    private const int MaxSegmentNodes = 4096;

    // What is left of the longest segment's length after each further one: a page-in must not make every later slice a segment long.
    private const double LongestDecay = 0.9;

    private readonly Thread _thread;
    private readonly SemaphoreSlim _resumed = new(0);
    private readonly SemaphoreSlim _paused = new(0);
    private GCHandle _self;

    // Handed over with the semaphores.
    private long _deadline;
    private bool _isCancelled;
    private bool _isEnding;
    private DecodeStatus? _status;

    // The thread's, within a call.
    private long _segmentStart;
    private long _longestSegment;
    private int _segmentNodes = 8;
    private int _numAsked;

    private PausableContext(int capacity)
    {
        Batch = new NativeBatch(capacity);
        _self = GCHandle.Alloc(this);
        _thread = new Thread(Run) { Name = "inference-prefill", IsBackground = true };
    }

    /// <summary>The context, to read and change its memory while <see cref="IsComputing"/> is false.</summary>
    public ContextHandle Context { get; private set; } = null!;

    /// <summary>True from the first <see cref="Advance"/> of a batch until it is done or cancelled.</summary>
    public bool IsComputing { get; private set; }

    /// <summary>The tokens to compute; changed only while <see cref="IsComputing"/> is false.</summary>
    public NativeBatch Batch { get; }

    /// <summary>A context of a model, or null if the library could not make one.</summary>
    public static PausableContext? Create(ModelHandle model, ContextSettings settings)
    {
        var pausable = new PausableContext(settings.MaxBatchTokens);
        if (ContextHandle.Create(model, settings, &OnNode, (void*)GCHandle.ToIntPtr(pausable._self)) is not { } context)
        {
            pausable.Free();
            return null;
        }

        pausable.Context = context;
        pausable._thread.Start();
        return pausable;
    }

    /// <summary>Computes <see cref="Batch"/>, or goes on with it; null if the time was over before it was done. Always computes at least one segment.</summary>
    public DecodeStatus? Advance(TimeSpan time)
    {
        _deadline = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        IsComputing = true;
        Resume();
        IsComputing = _status is null;
        return _status;
    }

    /// <summary>Gives up what is being computed, if anything is. What the batch's sequences hold from its first position on is then unknown.</summary>
    public void Cancel()
    {
        if (IsComputing)
        {
            _isCancelled = true;
            Resume();
            _isCancelled = false;
            IsComputing = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cancel();
        _isEnding = true;
        _resumed.Release();
        _thread.Join();
        Context.Dispose();
        Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnNode(void* tensor, byte isQuestion, void* userData)
    {
        var self = (PausableContext)GCHandle.FromIntPtr((nint)userData).Target!;
        return (isQuestion != 0 ? self.EndsSegment() : self.Continue()) ? (byte)1 : (byte)0;
    }

    private void Free()
    {
        Batch.Dispose();
        _self.Free();
        _resumed.Dispose();
        _paused.Dispose();
    }

    // The other thread computes; this one waits.
    private void Resume()
    {
        _status = null;
        _resumed.Release();
        _paused.Wait();
    }

    private void Run()
    {
        while (true)
        {
            _resumed.Wait();
            if (_isEnding)
            {
                return;
            }

            BeginSegment();
            _longestSegment = 0;
            var status = Context.Decode(Batch);
            Context.Synchronize();
            _status = status;
            _paused.Release();
        }
    }

    private void BeginSegment()
    {
        _segmentStart = Stopwatch.GetTimestamp();
        _numAsked = 0;
    }

    // Asked for every operation, before the segment that it may end is computed.
    private bool EndsSegment() => ++_numAsked >= _segmentNodes || _isCancelled;

    // A segment was computed. False gives up the rest of a split, which is all there is on one device; what follows on another is given up an operation later.
    private bool Continue()
    {
        var now = Stopwatch.GetTimestamp();
        var duration = now - _segmentStart;
        _longestSegment = Math.Max(duration, (long)(_longestSegment * LongestDecay));
        var milliseconds = duration * 1000.0 / Stopwatch.Frequency;
        if (milliseconds > MaxSegmentMs)
        {
            _segmentNodes = Math.Max(1, _segmentNodes / 2);
        }
        else if (milliseconds < MinSegmentMs)
        {
            _segmentNodes = Math.Min(MaxSegmentNodes, _segmentNodes * 2);
        }

        if (!_isCancelled && now + _longestSegment > _deadline)
        {
            _paused.Release();
            _resumed.Wait();
        }

        BeginSegment();
        return !_isCancelled;
    }
}
