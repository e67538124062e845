namespace InferenceServer.Inference.Chat.Output;

/// <summary>Reads <see cref="GemmaCalls"/>.</summary>
internal sealed class GemmaCallReader(CallScene scene) : CallReader(scene)
{
    private readonly LiteralReader _literal = new(LiteralNotation.Gemma);
    private State _state;

    private enum State
    {
        Open,
        Name,
        Arguments,
        Close,
    }

    public override CallProgress Read()
    {
        if (_state == State.Open)
        {
            Cursor.Take(GemmaCalls.Open.Length);
            _state = State.Name;
        }

        if (_state == State.Name && ReadName() is { } stop)
        {
            return stop;
        }

        if (_state == State.Arguments)
        {
            var status = ReadArguments(_literal);
            if (status != ReadStatus.Done)
            {
                return status == ReadStatus.Broken ? CallProgress.Rejected : CallProgress.NeedsMore;
            }

            EndCall();
            _state = State.Close;
        }

        if (!Cursor.SkipSpace())
        {
            return Cursor.Ended ? CallProgress.Done : CallProgress.NeedsMore;
        }

        return Cursor.TakeClosing(GemmaCalls.Close) == MarkerMatch.Open ? CallProgress.NeedsMore : CallProgress.Done;
    }

    public override bool Cut()
    {
        CutArguments(_literal);
        return true;
    }

    private CallProgress? ReadName()
    {
        if (!Cursor.SkipSpace())
        {
            return CallProgress.NeedsMore;
        }

        var head = Cursor.Match(GemmaCalls.Head);
        if (head != MarkerMatch.Found)
        {
            return head == MarkerMatch.Open ? CallProgress.NeedsMore : CallProgress.Rejected;
        }

        var rest = Cursor.Rest[GemmaCalls.Head.Length..];
        var length = 0;
        while (length < rest.Length && CallNames.IsPart(rest[length]))
        {
            length++;
        }

        var name = rest[..length].ToString();
        if (length == rest.Length)
        {
            return length == 0 || CallNames.IsPossible(name) ? CallProgress.NeedsMore : CallProgress.Rejected;
        }

        if (rest[length] != '{' || !CallNames.IsPossible(name))
        {
            return CallProgress.Rejected;
        }

        Cursor.Take(GemmaCalls.Head.Length + length);
        StartCall(name);
        _state = State.Arguments;
        return null;
    }
}
