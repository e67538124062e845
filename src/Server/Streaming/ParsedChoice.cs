using System.Text;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>An answer in which the model's thought, text and calls are told apart.</summary>
/// <param name="index">Its index among the request's choices.</param>
/// <param name="stream">Its events.</param>
/// <param name="end">As given to the engine.</param>
/// <param name="clock">Tells when events were read.</param>
/// <param name="parser">New.</param>
internal sealed class ParsedChoice(int index, GenerationStream stream, RequestedEnd end, TimeProvider clock, ChatOutputParser parser) : Choice(index, stream, end, clock)
{
    private readonly List<ChatOutputEvent> _found = [];
    private readonly SourceLogProbs _logProbs = new();

    /// <inheritdoc/>
    protected override void TakeToken(in GenerationEvent item)
    {
        var wasReasoning = parser.IsReasoning;
        if (IsText(item))
        {
            if (item.LogProbs is { } entry)
            {
                _logProbs.Add(entry, item.Bytes.Span);
            }

            parser.Feed(Text.Append(item.Bytes.Span, isControl: false), isControl: false, _found);
        }
        else if (item.IsControl && Encoding.UTF8.GetString(item.Bytes.Span) is var marker && parser.IsMarker(marker))
        {
            _logProbs.Skip(marker.Length);
            parser.Feed(Text.AppendMarker(item.Bytes.Span), isControl: false, _found);
        }
        else
        {
            Text.Append([], isControl: true);
        }

        NumReasoningTokens += wasReasoning || parser.IsReasoning ? 1 : 0;
        ShowFound();
    }

    /// <inheritdoc/>
    protected override void TakeEnd(bool isWhole)
    {
        parser.Feed(Text.Flush(), isControl: false, _found);
        parser.Finish(_found);
        ShowFound();
    }

    private void ShowFound()
    {
        foreach (var item in _found)
        {
            if (item.Kind == ChatOutputKind.CallEnded)
            {
                NumCalls++;
            }
            else if (item.Kind == ChatOutputKind.ContentWasReasoning)
            {
                NumReasoningTokens = NumTokens;
            }

            Add(new AnswerEvent(item, _logProbs.Take(item.Start, item.End)));
        }

        _found.Clear();
    }
}
