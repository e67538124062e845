using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Remote;
using InferenceServer.Inference.Remote.Frames;

namespace InferenceServer.Inference.Tests.Remote;

/// <summary>What one process of a <see cref="PlayedEngine"/> says and hears, until <see cref="End"/>.</summary>
internal sealed class PlayedSession
{
    private static readonly TimeSpan PulseInterval = TimeSpan.FromMilliseconds(200);

    private readonly NetworkStream _up;
    private readonly NetworkStream _down;
    private readonly FrameSender _sender;
    private readonly FrameSource _source;
    private volatile bool _isEnded;
    private volatile StrongBox<Pulse> _pulse = new(new Pulse(new EngineStats(), false, 0, 0.01));

    public PlayedSession(string path, int processId)
    {
        ProcessId = processId;
        (_up, _down) = (Connect(path), Connect(path));
        (_sender, _source) = (new FrameSender(_up), new FrameSource(_down));
        _sender.Send(SessionFrames.WriteHello, Hello.Own);
    }

    public int ProcessId { get; }

    /// <summary>The model is loaded, and signs of life begin.</summary>
    public void BeReady()
    {
        var facts = new ModelFacts
        {
            Tokens = TokenTable.Create(8, token => (new byte[] { (byte)('a' + token) }, false)),
            MaxSequenceTokens = 100,
            ControlTokens = new Dictionary<string, bool>(),
        };
        _sender.Send((writer, ready) => ready.Write(writer), facts);
        _ = PulsateAsync();
    }

    /// <summary>What the signs of life say from now on.</summary>
    public void Say(EngineStats stats, bool hasCommands = false, long numTaken = 0) => _pulse = new(new Pulse(stats, hasCommands, numTaken, 0.01));

    /// <summary>Waits for a request, and takes it.</summary>
    public Task<GenerationRequest> ReceiveRequestAsync() => Task.Run(() =>
    {
        while (_source.TryReceive(out var kind, out var payload))
        {
            if (kind == FrameKind.Submit)
            {
                var reader = new FrameReader(payload);
                return RequestFrames.ReadSubmit(ref reader);
            }
        }

        throw new InvalidOperationException("The host sends nothing any more.");
    });

    /// <summary>Something came of a request, told as a step tells it.</summary>
    public void Tell(long requestId, GenerationEvent item) => _sender.Send(
        static (writer, told) =>
        {
            writer.Begin(FrameKind.Step);
            StepFrames.WriteEvent(writer, told.Id, told.Event);
            writer.End();
        },
        (Id: requestId, Event: item));

    /// <summary>Ends the process, if the host has not, and does what its end would do to its sockets.</summary>
    public void End()
    {
        if (_isEnded)
        {
            return;
        }

        _isEnded = true;
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // The host has.
        }

        _up.Dispose();
        _down.Dispose();
    }

    private static NetworkStream Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task PulsateAsync()
    {
        try
        {
            while (!_isEnded)
            {
                _sender.Send(SessionFrames.WritePulse, _pulse.Value);
                await Task.Delay(PulseInterval);
            }
        }
        catch (ObjectDisposedException)
        {
            // It ended in between.
        }
    }
}
