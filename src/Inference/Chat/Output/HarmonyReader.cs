using System.Text.RegularExpressions;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Reads the head of one of <see cref="HarmonyMessages"/>, and its body if it is a call.</summary>
internal sealed partial class HarmonyReader(CallScene scene, string? opener) : CallReader(scene)
{
    // Longer than any head.
    private const int MaxHeadLength = 256;

    private const string Recipient = "to=";
    private const string FunctionPrefix = "functions.";

    private readonly LiteralReader _literal = new(LiteralNotation.JsonOrPython);
    private State _state;
    private string _name = "";

    private enum State
    {
        Head,
        ArgumentsStart,
        Arguments,
        Close,
    }

    public override CallProgress Read()
    {
        if (_state == State.Head && ReadHead() is { } end)
        {
            return end;
        }

        if (_state == State.ArgumentsStart)
        {
            if (!Cursor.SkipSpace())
            {
                return CallProgress.NeedsMore;
            }

            if (Cursor.Current != '{')
            {
                return CallProgress.Rejected;
            }

            StartCall(_name);
            _state = State.Arguments;
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

        return ReadClose();
    }

    public override bool Cut()
    {
        CutArguments(_literal);
        return true;
    }

    private CallProgress? ReadHead()
    {
        if (opener is null && BeginsHead() is { } stop)
        {
            return stop;
        }

        var head = Cursor.Rest[..Math.Min(Cursor.Rest.Length, MaxHeadLength)];
        var length = head.IndexOf(HarmonyMessages.Message, StringComparison.Ordinal);
        var foreign = head.IndexOfAny("{}\"\n");
        if (foreign >= 0 && (length < 0 || foreign < length))
        {
            return CallProgress.Rejected;
        }

        if (length < 0)
        {
            return head.Length < MaxHeadLength ? CallProgress.NeedsMore : CallProgress.Rejected;
        }

        var parts = Head().Match(head[..length].ToString());
        Cursor.Take(length + HarmonyMessages.Message.Length);
        if (!parts.Success)
        {
            return CallProgress.Rejected;
        }

        var name = parts.Groups["to"].Value;
        if (name.Length == 0)
        {
            return parts.Groups["channel"].Value == "analysis" ? CallProgress.ReasoningFollows : CallProgress.Done;
        }

        _name = name.StartsWith(FunctionPrefix, StringComparison.Ordinal) ? name[FunctionPrefix.Length..] : name;
        if (Tools.IsEmpty || !CallNames.IsPossible(_name))
        {
            return CallProgress.Rejected;
        }

        _state = State.ArgumentsStart;
        return null;
    }

    // Where the prompt opened the head, text may follow at once from a model that ignores channels.
    private CallProgress? BeginsHead()
    {
        var rest = Cursor.Rest.TrimStart();
        if (rest.IsEmpty)
        {
            return Cursor.Rest.Length < MaxHeadLength ? CallProgress.NeedsMore : CallProgress.Rejected;
        }

        foreach (var start in new[] { HarmonyMessages.Channel, Recipient })
        {
            if (rest.StartsWith(start, StringComparison.Ordinal))
            {
                return null;
            }

            if (start.AsSpan().StartsWith(rest, StringComparison.Ordinal))
            {
                return CallProgress.NeedsMore;
            }
        }

        return CallProgress.Rejected;
    }

    private CallProgress ReadClose()
    {
        if (!Cursor.SkipSpace())
        {
            return Cursor.Ended ? CallProgress.Done : CallProgress.NeedsMore;
        }

        var call = Cursor.TakeClosing(HarmonyMessages.Call);
        var end = call == MarkerMatch.Absent ? Cursor.TakeClosing(HarmonyMessages.End) : MarkerMatch.Absent;
        return call == MarkerMatch.Open || end == MarkerMatch.Open ? CallProgress.NeedsMore : CallProgress.Done;
    }

    // Role, recipient, channel, recipient if it did not come before, type of the content.
    [GeneratedRegex(@"^\s*(<\|start\|>\s*assistant)?\s*(to=(?<to>[^\s<]+))?\s*<\|channel\|>\s*(?<channel>analysis|commentary|final)\s*(to=(?<to>[^\s<]+))?\s*(<\|constrain\|>)?\s*(json|code)?\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Head();
}
