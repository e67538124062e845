using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Reads the calls that follow one opening marker. A reader decides with every character whether the text can still be what it
/// reads; what it consumed is recorded, so that a text that is no call becomes content. One attempt each; one thread.
/// </summary>
internal abstract class CallReader(CallScene scene)
{
    private readonly StringBuilder _arguments = new();

    protected OutputCursor Cursor { get; } = scene.Cursor;

    protected ToolSet Tools { get; } = scene.Tools;

    private ReplyWriter Writer { get; } = scene.Writer;

    /// <summary>True once a call of this reader was read to its end.</summary>
    protected bool HasCalls { get; private set; }

    /// <summary>Reads as far as the output goes.</summary>
    public abstract CallProgress Read();

    /// <summary>The output ended within a call that has started: gives what was held back of its arguments.</summary>
    /// <returns>False if the arguments were whole, so that only the end of what is around them is missing.</returns>
    public abstract bool Cut();

    protected void StartCall(string name, string? id = null) => Writer.StartCall(name, id);

    protected void Argument(string text)
    {
        Writer.Arguments(text);
        Cursor.MarkRecord();
    }

    /// <summary>Reads a value straight into the arguments of the call.</summary>
    protected ReadStatus ReadArguments(LiteralReader reader)
    {
        var status = reader.Read(Cursor, _arguments);
        if (status == ReadStatus.Broken)
        {
            reader.Release(_arguments);
        }

        FlushArguments();
        return status;
    }

    /// <summary>The rest of the output is arguments.</summary>
    protected void CutArguments(LiteralReader reader)
    {
        reader.Cut(Cursor, _arguments);
        FlushArguments();
    }

    protected void EndCall()
    {
        Writer.EndCall(ChatOutputKind.CallEnded);
        HasCalls = true;
        Cursor.BeginRecord();
    }

    private void FlushArguments()
    {
        Writer.Arguments(_arguments);
        Cursor.MarkRecord();
    }
}

/// <summary>What readers work on.</summary>
/// <param name="Cursor">The output.</param>
/// <param name="Writer">Takes what is found.</param>
/// <param name="Tools">The tools of the request.</param>
internal sealed record CallScene(OutputCursor Cursor, ReplyWriter Writer, ToolSet Tools);

/// <summary>How far a reader came.</summary>
internal enum CallProgress
{
    /// <summary>More output is needed.</summary>
    NeedsMore,

    /// <summary>All is read; content follows.</summary>
    Done,

    /// <summary>All is read; a thought follows (formats whose messages name their channel).</summary>
    ReasoningFollows,

    /// <summary>What was consumed since the last call ended is no call.</summary>
    Rejected,
}
