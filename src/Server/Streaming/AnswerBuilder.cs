using InferenceServer.Inference.Chat.Output;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Puts the events of one choice together, for an answer that is sent as a whole: a call that broke is text after all. One
/// thread at a time.
/// </summary>
internal sealed class AnswerBuilder
{
    private readonly ChatReply _reply = new();
    private readonly List<PlacedLogProbs> _logProbs = [];

    // Of the call that is being read: it may turn out to be text.
    private readonly List<PlacedLogProbs> _callLogProbs = [];

    /// <summary>Takes the next event.</summary>
    public void Add(in AnswerEvent item)
    {
        _reply.Add(item.Output);
        switch (item.Kind)
        {
            case ChatOutputKind.Content:
                _logProbs.AddRange(item.LogProbs);
                break;
            case ChatOutputKind.ContentWasReasoning:
                _logProbs.Clear();
                break;
            case ChatOutputKind.CallStarted or ChatOutputKind.CallArguments:
                _callLogProbs.AddRange(item.LogProbs);
                break;
            case ChatOutputKind.CallBroken:
                _logProbs.AddRange(_callLogProbs);
                _logProbs.AddRange(item.LogProbs);
                _callLogProbs.Clear();
                break;
            default:
                _callLogProbs.Clear();
                break;
        }
    }

    /// <summary>The answer so far.</summary>
    public Answer Build() => new(_reply.Content, _reply.Reasoning, _reply.Calls, _logProbs);
}
