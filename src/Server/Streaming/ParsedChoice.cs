using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Streaming;

/// <summary>An answer in which the model's thought, text and calls are told apart.</summary>
/// <param name="index">Its index among the request's choices.</param>
/// <param name="stream">Its events.</param>
/// <param name="clock">Tells when events were read.</param>
/// <param name="request">What the client wants to see of it.</param>
/// <param name="parser">New.</param>
/// <param name="turn">Kept for the conversation's next request.</param>
internal sealed class ParsedChoice(int index, GenerationStream stream, TimeProvider clock, ValidChatRequest request, ChatOutputParser parser, GeneratedTurn turn)
    : Choice(index, stream, request.End, clock)
{
    private readonly List<ChatOutputEvent> _found = [];
    private readonly SourceLogProbs _logProbs = new();
    private readonly StringBuilder _customArguments = new();
    private bool _isInCustomCall;

    /// <inheritdoc/>
    protected override void TakeToken(in GenerationEvent item)
    {
        var wasReasoning = parser.IsReasoning;
        turn.Add(item);
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
            _logProbs.Skip(item.Bytes.Span);
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
        if (isWhole && MatchedStop is null)
        {
            turn.Keep();
        }
    }

    private void ShowFound()
    {
        foreach (var item in _found)
        {
            if (IsEnough)
            {
                break;
            }

            if (item.Kind == ChatOutputKind.CallEnded)
            {
                NumCalls++;
                IsEnough = request.Tools.IsSingle;
            }
            else if (item.Kind == ChatOutputKind.ContentWasReasoning)
            {
                NumReasoningTokens = NumTokens;
            }

            Show(new AnswerEvent(item, _logProbs.Take(item.Start, item.End)));
        }

        _found.Clear();
    }

    private void Show(in AnswerEvent item)
    {
        switch (item.Kind)
        {
            case ChatOutputKind.Reasoning when request.ThoughtDisplay == ThoughtDisplay.Hidden:
                return;
            case ChatOutputKind.CallStarted:
                _isInCustomCall = request.Tools.IsCustom(item.Output.CallName!);
                _customArguments.Clear();
                break;
            case ChatOutputKind.CallArguments when _isInCustomCall:
                _customArguments.Append(item.Text);
                return;
            case ChatOutputKind.CallEnded or ChatOutputKind.CallCut or ChatOutputKind.CallBroken when _isInCustomCall && Input() is { Length: > 0 } input:
                Add(new AnswerEvent(item.Output with { Kind = ChatOutputKind.CallArguments, Text = input }, []));
                break;
        }

        Add(item);
    }

    // To the model a custom tool is a function with one argument; what the client gets is that argument.
    private string Input()
    {
        var text = _customArguments.ToString();
        try
        {
            using var arguments = JsonDocument.Parse(text);
            return arguments.RootElement.ValueKind == JsonValueKind.Object && arguments.RootElement.TryGetProperty("input", out var input) && input.ValueKind == JsonValueKind.String
                ? input.GetString()!
                : text;
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
