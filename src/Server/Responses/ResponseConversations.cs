using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>Puts a request together with what the store knows: the conversation that it goes on from, and the items that it refers to. Any thread.</summary>
internal sealed class ResponseConversations(ResponseStore store, BackgroundResponses background)
{
    /// <summary>The whole conversation, or why there is none.</summary>
    public async Task<Checked<Resolved>> ResolveAsync(ValidResponseRequest request)
    {
        if (!(await FindHistoryAsync(request.PreviousResponseId)).TryGet(out var history, out var error)
            || !(await ReplaceReferencesAsync(request.Input)).TryGet(out var input, out error)
            || !ResponseRequestReader.ToChat(request, history, input).TryGet(out var chat, out error))
        {
            return error;
        }

        return new Resolved(chat, input);
    }

    private async Task<Checked<List<JsonElement>>> FindHistoryAsync(string? previousId)
    {
        const string Name = "previous_response_id";
        if (previousId is null)
        {
            return new List<JsonElement>();
        }

        if (background.Find(previousId) is { } running && ResponseStatus.IsRunning(running.Current.Status))
        {
            return RequestError.BadValue(Name, $"Invalid '{Name}': response '{previousId}' is still being generated.");
        }

        var reply = await store.FindConversationAsync(previousId);
        if (reply.Value is not { } conversation)
        {
            return reply.Status == StoreStatus.NotFound || !store.IsEnabled
                ? RequestError.PreviousResponseNotFound(reply.MissingId ?? previousId)
                : RequestError.StoreUnavailable();
        }

        if (conversation[^1].Status is not (ResponseStatus.Completed or ResponseStatus.Incomplete))
        {
            return RequestError.BadValue(Name, $"Invalid '{Name}': response '{previousId}' is {conversation[^1].Status} and cannot be gone on from.");
        }

        return conversation.SelectMany(turn => ResponseRecord.InputOf(turn).Concat(ResponseRecord.OutputOf(turn))).ToList();
    }

    private async Task<Checked<List<JsonElement>>> ReplaceReferencesAsync(IReadOnlyList<JsonElement> input)
    {
        var items = input.ToList();
        var ids = items.Where(IsReference).Select(ResponseRecord.IdOf).ToList();
        if (ids.Count == 0)
        {
            return items;
        }

        var reply = await store.FindByItemsAsync(ids);
        if (reply.Value is not { } owners)
        {
            return reply.Status == StoreStatus.NotFound || !store.IsEnabled
                ? RequestError.BadValue("input", $"Item with id '{JsonFields.Short(reply.MissingId ?? ids[0])}' not found. Items are kept only of responses that are stored.")
                : RequestError.StoreUnavailable();
        }

        var found = new Queue<JsonElement>(ids.Zip(owners, (id, owner) => ResponseRecord.OutputOf(owner).First(item => ResponseRecord.IdOf(item) == id)));
        return items.ConvertAll(item => IsReference(item) ? found.Dequeue() : item);
    }

    private static bool IsReference(JsonElement item) => ItemFields.TypeOf(new JsonFields(item, "", new RequestErrors())) == "item_reference";

    /// <summary>A request with nothing left to look up.</summary>
    /// <param name="Chat">Ready for the engine.</param>
    /// <param name="Input">The request's own items, as they are to be kept.</param>
    internal sealed record Resolved(ValidChatRequest Chat, IReadOnlyList<JsonElement> Input);
}
