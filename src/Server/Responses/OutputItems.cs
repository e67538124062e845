using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Responses;

/// <summary>Makes the items of an answer, for streams and for answers in one piece.</summary>
/// <param name="tools">Tells which tool the model means.</param>
/// <param name="includesEncryptedReasoning">Thoughts are to come in a form that can be sent back.</param>
internal sealed class OutputItems(ToolNames tools, bool includesEncryptedReasoning)
{
    /// <summary>A thought; without content while it is in progress.</summary>
    public ReasoningItem Reasoning(string id, string status, string? text) => new()
    {
        Id = id,
        Status = status,
        Content = text is null ? [] : [new ReasoningText(text)],
        EncryptedContent = includesEncryptedReasoning && text is not null ? ThoughtText.Encode(text) : null,
    };

    /// <summary>Text; without content while it is in progress.</summary>
    public static MessageItem Message(string id, string status, string? text, IReadOnlyList<ChatTokenLogProb> logProbs) => new()
    {
        Id = id,
        Status = status,
        Content = text is null ? [] : [new OutputText(text) { LogProbs = logProbs }],
    };

    /// <summary>A call; without arguments while it is in progress.</summary>
    public ResponseItem Call(string id, string status, string callId, string modelName, string arguments)
    {
        var tool = tools.FromModel(modelName);
        return tool.IsCustom
            ? new CustomCallItem { Id = id, Status = status, CallId = callId, Name = tool.Name, Input = arguments }
            : new FunctionCallItem { Id = id, Status = status, CallId = callId, Namespace = tool.Namespace, Name = tool.Name, Arguments = arguments };
    }

    /// <summary>True: the tool takes a text.</summary>
    public bool IsCustom(string modelName) => tools.FromModel(modelName).IsCustom;

    /// <summary>The items of an answer in one piece: the thought, the text, the calls. Only the last one can be cut off.</summary>
    public IReadOnlyList<ResponseItem> Of(Answer answer, bool isCut)
    {
        var items = new List<ResponseItem>();
        if (answer.Reasoning.Length > 0)
        {
            items.Add(Reasoning(NewId("rs_"), ResponseStatus.Completed, answer.Reasoning));
        }

        if (answer.Content.Length > 0 || (answer.Calls.Count == 0 && (items.Count == 0 || !isCut)))
        {
            var logProbs = answer.LogProbs.Count > 0 ? WireLogProbs.ToChat(answer.LogProbs).Content : [];
            items.Add(Message(NewId("msg_"), ResponseStatus.Completed, answer.Content, logProbs));
        }

        foreach (var call in answer.Calls)
        {
            items.Add(Call(NewCallItemId(call.Name), ResponseStatus.Completed, call.Id, call.Name, call.Arguments));
        }

        if (isCut)
        {
            items[^1] = items[^1] with { Status = ResponseStatus.Incomplete };
        }

        return items;
    }

    /// <summary>An id for a call's item.</summary>
    public string NewCallItemId(string modelName) => NewId(IsCustom(modelName) ? "ctc_" : "fc_");

    /// <summary>An id for an item.</summary>
    /// <param name="prefix">What it begins with.</param>
    public static string NewId(string prefix) => AnswerIdentity.NewId(prefix);
}
