using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Writes a streamed answer in one dialect. Calls come in the order of the members: the opening, then for every choice a start, its
/// events and a finish, then the closing, or at any point after the opening an error that ends all. One thread at a time; the
/// caller flushes.
/// </summary>
internal abstract class AnswerWriter : IDisposable
{
    /// <summary>What the body is.</summary>
    public virtual string ContentType => "text/event-stream";

    /// <summary>The silence after which a sign of life is sent; zero for never.</summary>
    /// <param name="configured">What the operator said.</param>
    public virtual TimeSpan PingInterval(TimeSpan configured) => configured;

    /// <summary>At once, while the request may still wait in the queue.</summary>
    public virtual void WriteOpening(Generation generation)
    {
    }

    /// <summary>Before anything else of a choice; all choices are started together, in order.</summary>
    public virtual void WriteStart(Choice choice)
    {
    }

    /// <summary>A piece of a choice's answer.</summary>
    public abstract void Write(Choice choice, in AnswerEvent item);

    /// <summary>The end of a choice, which ended well.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="generation">The whole.</param>
    /// <param name="isLast">True: the choices are all over, and well.</param>
    public abstract void WriteFinish(Choice choice, Generation generation, bool isLast);

    /// <summary>All choices are over, and well.</summary>
    public abstract void WriteClosing(Generation generation);

    /// <summary>An error after the first byte. Nothing follows it.</summary>
    public abstract void WriteError(RequestError error);

    /// <summary>A sign of life.</summary>
    public abstract void WritePing();

    /// <summary>Gives the writer's memory back.</summary>
    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose()"/>
    protected virtual void Dispose(bool isDisposing)
    {
    }
}
