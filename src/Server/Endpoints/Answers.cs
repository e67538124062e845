using System.IO.Pipelines;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Measuring;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Server.Endpoints;

/// <summary>The last stop of every request for text: its answer, whole or as events, and what the log says of it.</summary>
internal static class Answers
{
    /// <summary>What every chunk of a new answer repeats.</summary>
    /// <param name="context">The request.</param>
    /// <param name="idPrefix">What its id begins with.</param>
    /// <param name="request">For its class.</param>
    public static AnswerIdentity NewIdentity(this HttpContext context, string idPrefix, ValidRequest request)
    {
        var model = context.RequestServices.GetRequiredService<ServedModel>();
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        return new AnswerIdentity(AnswerIdentity.NewId(idPrefix), clock.GetUtcNow().ToUnixTimeSeconds(), model.Id, model.Fingerprint, WireWords.Of(context.Features.GetRequiredFeature<ClientAccount>().ClassOf(request.Class)));
    }

    /// <summary>Answers and returns when the engine has ended every choice.</summary>
    /// <param name="context">The request; nothing has been sent yet.</param>
    /// <param name="request">Whether to stream.</param>
    /// <param name="generation">Runs.</param>
    /// <param name="identity">Names of the answer.</param>
    /// <param name="createWriter">The dialect's writer to the body; is told whether usage is to be streamed.</param>
    /// <param name="writeWholeAsync">Writes the answer in one piece, once all choices have ended well.</param>
    public static async Task WriteAnswerAsync(
        this HttpContext context,
        ValidRequest request,
        Generation generation,
        AnswerIdentity identity,
        Func<PipeWriter, bool, AnswerWriter> createWriter,
        Func<Answer[], Task> writeWholeAsync)
    {
        var measure = context.Measure(generation, request);
        try
        {
            using var onView = context.RequestServices.GetRequiredService<RunningGenerations>().Add(generation);

            // Wakes the readers, too: an aborted choice finishes.
            using var onClientGone = context.RequestAborted.UnsafeRegister(
                static state =>
                {
                    var (generation, deadline) = ((Generation, RequestDeadline?))state!;
                    if (deadline is { HasPassed: true })
                    {
                        generation.TimeOut();
                    }
                    else
                    {
                        generation.Abort();
                    }
                },
                (generation, context.Features.Get<RequestDeadline>()));
            if (request.Stream)
            {
                await StreamAsync(context, request, generation, measure, createWriter);
            }
            else
            {
                await AnswerWholeAsync(context, generation, writeWholeAsync);
            }
        }
        finally
        {
            measure.Finish(request.Stream);
            context.Features.Set(measure.ToLogEntry(identity.Id));

            // Nothing runs any more unless something above failed.
            generation.Abort();
        }
    }

    /// <summary>What the headers of a stream say.</summary>
    internal static void SetStreamHeaders(HttpContext context, string contentType)
    {
        var response = context.Response;
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            response.Headers.Connection = "keep-alive";
        }
    }

    /// <summary>The times of a request whose generation was just submitted.</summary>
    internal static RequestMeasure Measure(this HttpContext context, Generation generation, ValidRequest request) => new(
        context.RequestServices.GetRequiredService<RequestInstruments>(),
        generation,
        request is ValidCompletionRequest ? "text_completion" : "chat",
        context.Features.GetRequiredFeature<RequestArrival>().At,
        context.Features.Get<ClientAccount>());

    private static async Task StreamAsync(
        HttpContext context, ValidRequest request, Generation generation, RequestMeasure measure, Func<PipeWriter, bool, AnswerWriter> createWriter)
    {
        var settings = context.RequestServices.GetRequiredService<Settings>().Server;
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        var body = context.Response.BodyWriter;
        var writer = createWriter(body, request.IncludeUsage || settings.AlwaysIncludeUsage);
        SetStreamHeaders(context, writer.ContentType);
        using var stream = new AnswerStream(generation, measure, body, writer, writer.PingInterval(TimeSpan.FromMilliseconds(settings.PingIntervalMs)), clock, context.RequestServices.GetRequiredService<Drain>());
        await stream.RunAsync();
    }

    private static async Task AnswerWholeAsync(HttpContext context, Generation generation, Func<Answer[], Task> writeWholeAsync)
    {
        var answers = await AnswerReader.ReadAsync(generation);
        if (context.RequestAborted.IsCancellationRequested && context.Features.Get<RequestDeadline>() is not { HasPassed: true })
        {
            // For the log; nobody is there to read it.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }

        if (generation.Failure() is { } failure)
        {
            await context.WriteErrorAsync(failure);
            return;
        }

        await writeWholeAsync(answers);
    }
}
