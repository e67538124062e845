using System.Buffers;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Responses;

namespace InferenceServer.Server.Endpoints;

/// <summary>Writes the events of a response in the background as they come, to one of its readers.</summary>
internal static class EventLogAnswer
{
    /// <summary>Writes them to the last one, or until the client leaves; the response goes on without it.</summary>
    /// <param name="context">The request; nothing has been sent yet.</param>
    /// <param name="log">The events.</param>
    /// <param name="first">Number of the first one wanted.</param>
    public static async Task WriteEventsAsync(this HttpContext context, ResponseEventLog log, int first)
    {
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        var drain = context.RequestServices.GetRequiredService<Drain>();
        var interval = TimeSpan.FromMilliseconds(context.RequestServices.GetRequiredService<Settings>().Server.PingIntervalMs);
        var silence = interval == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : interval;
        Answers.SetStreamHeaders(context, "text/event-stream");
        var body = context.Response.BodyWriter;
        while (true)
        {
            var events = log.Read(first, out var news);
            foreach (var item in events)
            {
                body.Write(item);
                first++;
            }

            var taken = body.FlushAsync(context.RequestAborted).AsTask();
            if (!await drain.WaitForReaderAsync(taken))
            {
                return;
            }

            var flushed = await taken;
            if (news is null || flushed.IsCompleted)
            {
                return;
            }

            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            var pause = Task.Delay(silence, clock, quiet.Token);
            if (await Task.WhenAny(news, pause) == pause && !context.RequestAborted.IsCancellationRequested)
            {
                body.Write(": ping\n\n"u8);
            }

            await quiet.CancelAsync();
            context.RequestAborted.ThrowIfCancellationRequested();
        }
    }
}
