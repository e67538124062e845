using System.Globalization;
using System.Text.Json;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Responses;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>What there is to do with a response afterwards: retrieve, delete, cancel, list its input. Also answered while the model loads.</summary>
internal static class StoredResponses
{
    private const int DefaultPage = 20;
    private const int MaxPage = 100;

    /// <summary>Maps them all.</summary>
    public static void MapStoredResponses(this IEndpointRouteBuilder routes)
    {
        routes.MapV1("/responses/{id}", HttpMethods.Get, RetrieveAsync)
            .WithName("retrieveResponse").WithTags("Responses")
            .WithSummary("A stored response. With stream=true the events of one in the background, those behind starting_after.")
            .Produces<ResponseBody>()
            .WithEvents<ResponseEvent>()
            .WithErrors(400, 401, 403, 404, 503);
        routes.MapV1("/responses/{id}", HttpMethods.Delete, DeleteAsync)
            .WithName("deleteResponse").WithTags("Responses")
            .WithSummary("Deletes a stored response; nothing can go on from those behind it any more.")
            .Produces<DeletedResponse>()
            .WithErrors(401, 403, 404, 503);
        routes.MapV1("/responses/{id}/cancel", HttpMethods.Post, CancelAsync)
            .WithName("cancelResponse").WithTags("Responses")
            .WithSummary("Ends a response in the background.")
            .Produces<ResponseBody>()
            .WithErrors(400, 401, 403, 404, 503);
        routes.MapV1("/responses/{id}/input_items", HttpMethods.Get, ListInputAsync)
            .WithName("listResponseInputItems").WithTags("Responses")
            .WithSummary("The input items that a stored response's own request brought, newest first unless order=asc.")
            .Produces<InputItemList>()
            .WithErrors(400, 401, 403, 404, 503);
    }

    private static async Task RetrieveAsync(HttpContext context)
    {
        var query = new QueryFields(context.Request.Query);
        var isStream = query.Flag("stream") ?? false;
        var first = (query.Integer("starting_after", 0, int.MaxValue - 1) ?? -1) + 1;
        if (query.Error is { } wrong)
        {
            await context.WriteErrorAsync(wrong);
            return;
        }

        var id = IdOf(context);
        var running = context.RequestServices.GetRequiredService<BackgroundResponses>().Find(id);
        if (running is not null)
        {
            await (isStream
                ? context.WriteEventsAsync(running.Log, first)
                : context.WriteJsonAsync(StatusCodes.Status200OK, running.Current, OpenAiJson.Wire.ResponseBody));
        }
        else if (await FindAsync(context, id) is { } stored)
        {
            await (isStream ? ReplayAsync(context, stored, first) : WriteBodyAsync(context, stored));
        }
    }

    private static async Task ReplayAsync(HttpContext context, StoredResponse response, int first)
    {
        if (!response.Background)
        {
            await context.WriteErrorAsync(RequestError.BadValue("stream", "Invalid 'stream': only the events of a response in the background are kept."));
            return;
        }

        var reply = await context.RequestServices.GetRequiredService<ResponseStore>().FindEventsAsync(response.Id);
        if (reply.Status != StoreStatus.Ok)
        {
            await context.WriteErrorAsync(RequestError.StoreUnavailable());
            return;
        }

        var log = new ResponseEventLog();
        if (reply.Value is { } events)
        {
            log.Append(events);
        }
        else
        {
            // The process ended under it, and its events with it; all that is left to tell is that.
            log.Append(ResponseRecord.ToLastEvent(response, first));
            first = 0;
        }

        log.Complete();
        await context.WriteEventsAsync(log, first);
    }

    private static async Task DeleteAsync(HttpContext context)
    {
        var id = IdOf(context);
        if (context.RequestServices.GetRequiredService<BackgroundResponses>().Find(id) is { } running)
        {
            await running.AbortAsync(isWanted: true);
        }

        var reply = await context.RequestServices.GetRequiredService<ResponseStore>().DeleteAsync(id);
        if (WhyNot(context, reply, id) is { } error)
        {
            await context.WriteErrorAsync(error);
            return;
        }

        await context.WriteJsonAsync(StatusCodes.Status200OK, new DeletedResponse(id), OpenAiJson.Wire.DeletedResponse);
    }

    private static async Task CancelAsync(HttpContext context)
    {
        var id = IdOf(context);
        if (context.RequestServices.GetRequiredService<BackgroundResponses>().Find(id) is { } running)
        {
            await running.AbortAsync(isWanted: true);
            await context.WriteJsonAsync(StatusCodes.Status200OK, running.Current, OpenAiJson.Wire.ResponseBody);
        }
        else if (await FindAsync(context, id) is { } stored)
        {
            await (stored.Background
                ? WriteBodyAsync(context, stored)
                : context.WriteErrorAsync(RequestError.BadBody($"Response '{id}' cannot be cancelled: it was not created with 'background'.")));
        }
    }

    private static async Task ListInputAsync(HttpContext context)
    {
        var query = new QueryFields(context.Request.Query);
        var limit = query.Integer("limit", 1, MaxPage) ?? DefaultPage;
        var isAscending = query.Word("order", "asc", "desc") == "asc";
        if (query.Error is { } wrong)
        {
            await context.WriteErrorAsync(wrong);
            return;
        }

        if (await FindAsync(context, IdOf(context)) is not { } stored)
        {
            return;
        }

        var items = ResponseRecord.InputOf(stored).ToList();
        if (!isAscending)
        {
            items.Reverse();
        }

        var start = 0;
        if (query.Text("after") is { } after)
        {
            start = items.FindIndex(item => ResponseRecord.IdOf(item) == after) + 1;
            if (start == 0)
            {
                await context.WriteErrorAsync(RequestError.BadValue("after", $"Invalid 'after': no item '{JsonFields.Short(after)}' is in the list."));
                return;
            }
        }

        List<JsonElement> page = [.. items.Skip(start).Take(limit)];
        var list = new InputItemList
        {
            Data = page,
            FirstId = page.Count > 0 ? ResponseRecord.IdOf(page[0]) : null,
            LastId = page.Count > 0 ? ResponseRecord.IdOf(page[^1]) : null,
            HasMore = start + page.Count < items.Count,
        };
        await context.WriteJsonAsync(StatusCodes.Status200OK, list, OpenAiJson.Wire.InputItemList);
    }

    // Null: the client has been told why.
    private static async Task<StoredResponse?> FindAsync(HttpContext context, string id)
    {
        var reply = await context.RequestServices.GetRequiredService<ResponseStore>().FindAsync(id);
        if (WhyNot(context, reply, id) is { } error)
        {
            await context.WriteErrorAsync(error);
        }

        return reply.Value;
    }

    private static RequestError? WhyNot<T>(HttpContext context, StoreReply<T> reply, string id) => reply.Status switch
    {
        StoreStatus.Ok => null,
        StoreStatus.Unavailable when context.RequestServices.GetRequiredService<ResponseStore>().IsEnabled => RequestError.StoreUnavailable(),
        _ => RequestError.ResponseNotFound(id),
    };

    private static Task WriteBodyAsync(HttpContext context, StoredResponse response)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = response.Body.Length;
        return context.Response.Body.WriteAsync(response.Body, CancellationToken.None).AsTask();
    }

    private static string IdOf(HttpContext context) => Convert.ToString(context.GetRouteValue("id"), CultureInfo.InvariantCulture) ?? "";
}
