using System.Diagnostics;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// Lets the chat engine and the embedding thread compute one after the other. Side by side they would slow each other down far beyond their
/// shares: llama.cpp's threads wait for each other by spinning, and whatever takes a processor from one of them makes all the others wait.
/// The engine computes whenever it has work; embeddings get a turn between two of its steps, for at most a third of the time, and all of it while the
/// engine has nothing to do. Any thread; the engine's members for the engine thread, the others for the embedding thread.
/// </summary>
internal sealed class DeviceTurns
{
    // After an embedding step the engine has the device for so many times as long.
    private const int EngineShare = 2;

    private readonly object _gate = new();
    private bool _engineHasWork;
    private bool _engineComputes;
    private bool _embedderWaits;
    private bool _embedderComputes;
    private long _embedderStart;
    private long _embedderDue;

    /// <summary>True while streams or prompts are computed: embedding steps should then be short.</summary>
    public bool EngineHasWork
    {
        get
        {
            lock (_gate)
            {
                return _engineHasWork;
            }
        }
    }

    /// <summary>Engine thread, before a step: waits for the embedding step at hand or due.</summary>
    public void BeginEngineStep()
    {
        lock (_gate)
        {
            _engineHasWork = true;
            while (_embedderWaits || _embedderComputes)
            {
                Monitor.Wait(_gate);
            }

            _engineComputes = true;
        }
    }

    /// <summary>Engine thread, after a step, whatever became of it.</summary>
    /// <param name="hasWork">True: another step follows at once.</param>
    public void EndEngineStep(bool hasWork)
    {
        lock (_gate)
        {
            _engineComputes = false;
            _engineHasWork = hasWork;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Embedding thread, before a step: waits until one is due, then for the engine's step at hand.</summary>
    public void BeginEmbedding()
    {
        lock (_gate)
        {
            while (_engineHasWork && _embedderDue - Stopwatch.GetTimestamp() is > 0 and var left)
            {
                Monitor.Wait(_gate, TimeSpan.FromSeconds((double)left / Stopwatch.Frequency));
            }

            _embedderWaits = true;
            while (_engineComputes)
            {
                Monitor.Wait(_gate);
            }

            _embedderWaits = false;
            _embedderComputes = true;
            _embedderStart = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Embedding thread, after a step, whatever became of it.</summary>
    public void EndEmbedding()
    {
        lock (_gate)
        {
            _embedderComputes = false;
            var end = Stopwatch.GetTimestamp();
            _embedderDue = end + (EngineShare * (end - _embedderStart));
            Monitor.PulseAll(_gate);
        }
    }
}
