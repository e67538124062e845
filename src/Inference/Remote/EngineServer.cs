using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Remote.Frames;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Remote;

/// <summary>
/// The engine's process: one <see cref="InferenceEngine"/>, served to the one host that started it. The main thread reads frames; the engine thread sends
/// what its steps give; calls answer when they are done. It ends when the host does, however the host ends, and asks nobody then.
/// </summary>
public sealed class EngineServer : IDisposable
{
    private readonly FrameSource _source;
    private readonly FrameSender _sender;
    private readonly int _hostId;
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _calls = new();

    // Requests whose grammar is being compiled; true: aborted meanwhile.
    private readonly ConcurrentDictionary<long, bool> _compiling = new();
    private InferenceEngine? _engine;
    private Task _loading = Task.CompletedTask;

    private EngineServer(Stream fromHost, Stream toHost, int hostId)
    {
        _source = new FrameSource(fromHost);
        _sender = new FrameSender(toHost);
        _hostId = hostId;
    }

    private InferenceEngine Engine => _engine ?? throw new FrameException("The engine is asked before it was told what to load.");

    /// <summary>Serves until the host says stop; then returns. Does not return if the host ends otherwise.</summary>
    /// <param name="socketPath">Where the host listens: the first connection is the way to it, the second the way back.</param>
    /// <param name="hostId">The host's process.</param>
    public static void Run(string socketPath, int hostId)
    {
        FollowHost(hostId);
        var signals = new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT };

        // They go to all processes of a terminal or a service. The host lets its requests finish, and tells us when it is done.
        var registrations = signals.Select(signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true)).ToArray();
        using var up = Connect(socketPath);
        using var down = Connect(socketPath);
        using (var server = new EngineServer(down, up, hostId))
        {
            server.Serve();
        }

        foreach (var registration in registrations)
        {
            registration.Dispose();
        }
    }

    /// <summary>Ends the engine and frees the model.</summary>
    public void Dispose() => _engine?.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static NetworkStream Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static void FollowHost(int hostId)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = ProcessApi.prctl(ProcessApi.SetParentDeathSignal, ProcessApi.Kill, 0, 0, 0);
        }

        EndWithHost(hostId);
    }

    // It may have ended before anybody asked to be told.
    private static void EndWithHost(int hostId)
    {
        if (ProcessApi.getppid() != hostId)
        {
            EndNow();
        }
    }

    // A step may take seconds, and nobody wants its outcome.
    private static void EndNow() => Process.GetCurrentProcess().Kill();

    private void Serve()
    {
        _sender.Send(SessionFrames.WriteHello, Hello.Own);
        new Thread(Pulsate) { IsBackground = true, Name = "pulse" }.Start();
        try
        {
            while (_source.TryReceive(out var kind, out var payload))
            {
                if (kind == FrameKind.Stop)
                {
                    return;
                }

                Handle(kind, new FrameReader(payload));
            }
        }
        catch (FrameException exception)
        {
            Console.Error.WriteLine($"The engine's process ends: {exception.Message}");
        }
        catch (IOException)
        {
            // The host is gone.
        }

        EndNow();
    }

    private void Handle(FrameKind kind, FrameReader reader)
    {
        switch (kind)
        {
            case FrameKind.Start:
                Start(SessionFrames.ReadStart(ref reader));
                break;
            case FrameKind.Encode:
                var (encode, prompt) = CallFrames.ReadEncode(ref reader);
                _ = AnswerAsync(encode, async cancellation =>
                {
                    // This thread has nothing else to do, and two changes of threads are a third of what a process of its own costs a first token (docs/performance.md).
                    var tokens = Engine.TryEncodeShort(prompt, out var known) ? known : await Engine.EncodeAsync(prompt, cancellation).ConfigureAwait(false);
                    _sender.Send((writer, call) => CallFrames.WriteTokens(writer, call, tokens.Span), encode);
                });
                break;
            case FrameKind.Embed:
                var (embed, request) = CallFrames.ReadEmbed(ref reader);
                _ = AnswerAsync(embed, async cancellation =>
                {
                    var result = await Engine.EmbedAsync(request, cancellation).ConfigureAwait(false);
                    _sender.Send((writer, call) => CallFrames.WriteEmbedded(writer, call, result), embed);
                });
                break;
            case FrameKind.Map:
                var map = CallFrames.ReadNumber(ref reader);
                _ = AnswerAsync(map, async _ =>
                {
                    var spans = await Engine.MapCacheAsync().ConfigureAwait(false);
                    _sender.Send((writer, call) => CallFrames.WriteMap(writer, call, spans), map);
                });
                break;
            case FrameKind.Cancel:
                if (_calls.TryGetValue(CallFrames.ReadNumber(ref reader), out var waiting))
                {
                    _ = waiting.CancelAsync();
                }

                break;
            case FrameKind.Submit:
                Submit(RequestFrames.ReadSubmit(ref reader));
                break;
            case FrameKind.Abort:
                Abort(CallFrames.ReadNumber(ref reader));
                break;
            default:
                throw new FrameException($"A frame of kind {kind} goes the other way.");
        }
    }

    private void Start(EngineStart start)
    {
        start.Inference.MaxWaiting = start.MaxWaiting;
        var embedding = start.EmbeddingModelPath is { } path ? ModelFile.Read(path, ModelPurpose.Embedding) : null;
        var outbox = new StepOutbox(_sender, () => Engine.Stats, () => Engine.StepReports);
        _engine = new InferenceEngine(
            start.Inference,
            start.ModelPath,
            new ForwardedLog(_sender, start.LogLevel),
            embedding is { IsUsable: true } ? embedding.File.Metadata : null,
            grammars: null,
            start.Cache,
            new EngineOutlet(outbox.Write, outbox.Flush, OnEnded));
        _loading = _engine.StartAsync(share => _sender.Send(SessionFrames.WriteProgress, share));
        _ = ReportLoadAsync(_engine);
    }

    private async Task ReportLoadAsync(InferenceEngine engine)
    {
        await _loading.ConfigureAwait(false);
        if (engine is { State: EngineState.Ready, Loaded: { } loaded })
        {
            var vocabulary = loaded.Vocabulary;
            var facts = new ModelFacts
            {
                Tokens = TokenTable.Create(vocabulary.Count, token => (vocabulary.GetBytes(token), vocabulary.IsControl(token))),
                MaxSequenceTokens = loaded.MaxSequenceTokens,
                Infill = vocabulary.Infill,
                ControlTokens = loaded.ControlTokens,
            };
            _sender.Send((writer, ready) => ready.Write(writer), facts);
        }
        else if (engine.Failure is { } failure)
        {
            _sender.Send((writer, text) => SessionFrames.WriteText(writer, FrameKind.LoadFailed, text), failure);
        }
    }

    // Engine thread. A load that failed is reported by whoever waits for it.
    private void OnEnded()
    {
        if (_loading.IsCompleted && Engine is { State: EngineState.Failed, Failure: var failure })
        {
            _sender.Send((writer, text) => SessionFrames.WriteText(writer, FrameKind.Failed, text), failure ?? "The engine stopped.");
            EndNow();
        }
    }

    private async Task AnswerAsync(long call, Func<CancellationToken, Task> answer)
    {
        using var cancellation = new CancellationTokenSource();
        _calls[call] = cancellation;
        try
        {
            await answer(cancellation.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Whoever asked has left.
        }
#pragma warning disable CA1031 // The caller is in another process: it gets what it would get here.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            var outcome = exception is EngineUnavailableException ? CallOutcome.Unavailable : exception is ArgumentException ? CallOutcome.BadArgument : CallOutcome.Failed;
            _sender.Send((writer, message) => CallFrames.WriteFailure(writer, call, outcome, message), exception.Message);
        }
        finally
        {
            _calls.TryRemove(call, out _);
        }
    }

    private void Submit(GenerationRequest request)
    {
        if (request.Grammar is null)
        {
            SubmitNow(request);
            return;
        }

        // Compiling takes up to seconds: others need not wait.
        _compiling[request.Id] = false;
        _ = Task.Run(() => SubmitNow(request));
    }

    private void SubmitNow(GenerationRequest request)
    {
        if (_compiling.TryGetValue(request.Id, out var isAborted) && isAborted)
        {
            _compiling.TryRemove(request.Id, out _);
            Finish(request.Id, FinishReason.Aborted);
            return;
        }

        try
        {
            if (Engine.Submit(request).Status != SubmitStatus.Accepted)
            {
                Finish(request.Id, FinishReason.Error);
            }
        }
        catch (ArgumentException exception)
        {
            Console.Error.WriteLine($"Request {request.Id} is none: {exception.Message}");
            Finish(request.Id, FinishReason.Error);
        }

        // Aborted while it compiled: there is somebody now who knows it.
        if (_compiling.TryRemove(request.Id, out isAborted) && isAborted)
        {
            Engine.Abort(request.Id);
        }
    }

    private void Abort(long requestId)
    {
        if (!_compiling.TryUpdate(requestId, true, false))
        {
            Engine.Abort(requestId);
        }
    }

    private void Finish(long requestId, FinishReason reason) => _sender.Send(
        static (writer, finished) =>
        {
            writer.Begin(FrameKind.Step);
            StepFrames.WriteEvent(writer, finished.Id, finished.Event);
            writer.End();
        },
        (Id: requestId, Event: new GenerationEvent { Kind = GenerationEventKind.Finished, At = Stopwatch.GetTimestamp(), Reason = reason }));

    // A thread of its own: the pool may be busy, and then this would look like a process that hangs.
    private void Pulsate()
    {
        while (true)
        {
            Thread.Sleep(HangWatch.PulseInterval);
            EndWithHost(_hostId);
            if (_engine is { } engine)
            {
                var pulse = new Pulse(engine.Stats, !engine.Commands.IsEmpty, engine.Commands.NumTaken, engine.Loaded?.Loop.LongestRun ?? 0);
                _sender.Send(SessionFrames.WritePulse, pulse);
            }
        }
    }
}
