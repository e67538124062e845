using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// The events of one answer put together, for a reply that is sent as a whole: unlike a stream it takes a broken call back and
/// shows its text as content, and moves a thought whose start was missing. One thread at a time.
/// </summary>
public sealed class ChatReply
{
    private readonly StringBuilder _content = new();
    private readonly StringBuilder _reasoning = new();
    private readonly StringBuilder _arguments = new();
    private readonly List<ChatToolCall> _calls = [];

    /// <summary>The answer; empty if there is none.</summary>
    public string Content => _content.ToString();

    /// <summary>The thought; empty if there is none.</summary>
    public string Reasoning => _reasoning.ToString();

    /// <summary>The calls in order, without broken ones. That of an output that was cut off has the arguments it got to.</summary>
    public IReadOnlyList<ChatToolCall> Calls => _calls;

    public void Add(ChatOutputEvent item)
    {
        switch (item.Kind)
        {
            case ChatOutputKind.Content:
                _content.Append(item.Text);
                break;
            case ChatOutputKind.Reasoning:
                _reasoning.Append(item.Text);
                break;
            case ChatOutputKind.ContentWasReasoning:
                _reasoning.Append(_content.ToString().AsSpan().Trim());
                _content.Clear();
                break;
            case ChatOutputKind.CallStarted:
                _calls.Add(new ChatToolCall(item.CallId!, item.CallName!, ""));
                _arguments.Clear();
                break;
            case ChatOutputKind.CallArguments:
                _arguments.Append(item.Text);
                break;
            case ChatOutputKind.CallEnded or ChatOutputKind.CallCut:
                _calls[^1] = _calls[^1] with { Arguments = _arguments.ToString() };
                break;
            default:
                _calls.RemoveAt(_calls.Count - 1);
                _content.Append(item.Text);
                break;
        }
    }
}
