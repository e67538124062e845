using System.Collections.Concurrent;
using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Models;

/// <summary>
/// Encodes prompts on two threads of its own, because llama.cpp needs a deeper stack for it than a pool thread has.
/// They give way to the engine's: a prompt that arrives does not hold up the streams that run. Prompts are taken in order of arrival. Any thread; disposing it ends the threads after the prompts they work on.
/// </summary>
internal sealed class Tokenizer : IDisposable
{
    /// <summary>Two: one long prompt then does not hold up all others, and the engine keeps its cores.</summary>
    private const int NumThreads = 2;

    /// <summary>Bytes. See <see cref="LongTextCutter"/> for what fits.</summary>
    private const int StackSize = 64 * 1024 * 1024;

    /// <summary>Characters of a prompt that any thread may encode: a tenth of what passed with a stack of 8 MB (<see cref="LongTextCutter.MaxRun"/>).</summary>
    private const int MaxShortLength = 2_000;

    private readonly PromptEncoder _encoder;
    private readonly BlockingCollection<Job> _jobs = [];
    private readonly Thread[] _threads;
    private volatile bool _isStopping;

    public Tokenizer(PromptEncoder encoder)
    {
        _encoder = encoder;
        _threads = new Thread[NumThreads];
        for (var index = 0; index < NumThreads; index++)
        {
            _threads[index] = new Thread(Work, StackSize) { Name = $"tokenizer-{index + 1}", IsBackground = true };
            _threads[index].Start();
        }
    }

    /// <summary>The tokens of a prompt; see <see cref="PromptEncoder.Encode"/>. A cancelled prompt is given up at once, whether or not it was begun.</summary>
    /// <exception cref="ObjectDisposedException">The tokenizer was disposed.</exception>
    public async ValueTask<ReadOnlyMemory<int>> EncodeAsync(PromptText prompt, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var job = new Job(prompt, cancellationToken);
        try
        {
            _jobs.Add(job, CancellationToken.None);
        }
        catch (InvalidOperationException) when (_jobs.IsAddingCompleted)
        {
            throw new ObjectDisposedException(nameof(Tokenizer));
        }

        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((Job)state!).Completion.TrySetCanceled(token), job);
        return await job.Completion.Task.ConfigureAwait(false);
    }

    /// <summary>Encodes a prompt on the calling thread, whatever its stack, if it is short enough; false: it is not, and <see cref="EncodeAsync"/> will. For a thread whose time is nobody else's.</summary>
    /// <exception cref="ObjectDisposedException">The tokenizer was disposed.</exception>
    public bool TryEncodeShort(PromptText prompt, out ReadOnlyMemory<int> tokens)
    {
        ObjectDisposedException.ThrowIf(_isStopping, this);
        var isShort = prompt.Segments.Sum(segment => segment.Text.Length) <= MaxShortLength;
        tokens = isShort ? _encoder.Encode(prompt, CancellationToken.None) : default;
        return isShort;
    }

    public void Dispose()
    {
        if (_isStopping)
        {
            return;
        }

        _isStopping = true;
        _jobs.CompleteAdding();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _jobs.Dispose();
    }

    private void Work()
    {
        ComputePrecedence.Yield();
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            if (_isStopping)
            {
                job.Completion.TrySetException(new ObjectDisposedException(nameof(Tokenizer)));
                continue;
            }

            try
            {
                job.Completion.TrySetResult(_encoder.Encode(job.Prompt, job.CancellationToken));
            }
            catch (OperationCanceledException exception)
            {
                job.Completion.TrySetCanceled(exception.CancellationToken);
            }
#pragma warning disable CA1031 // The caller gets it; the thread goes on.
            catch (Exception exception)
            {
                job.Completion.TrySetException(exception);
            }
#pragma warning restore CA1031
        }
    }

    /// <summary>One prompt on its way. Its completion runs the caller's code elsewhere, never on a tokenizer thread.</summary>
    private sealed record Job(PromptText Prompt, CancellationToken CancellationToken)
    {
        public TaskCompletionSource<ReadOnlyMemory<int>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
