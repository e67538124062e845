using System.Buffers.Binary;
using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Server.Tests.Measuring;

/// <summary>
/// As much of a collector as shows what arrives: OTLP's export of metrics, protobuf over HTTP and gRPC. Field numbers are those of
/// opentelemetry/proto/metrics/v1/metrics.proto.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>Where it listens, without a path.</summary>
    public Uri Address => new(_app.Urls.Single());

    /// <summary>Every metric that arrived so far, with its unit.</summary>
    public ConcurrentDictionary<string, string> Metrics { get; } = new();

    /// <summary>Of the last push: the values of each gauge and sum that has points, in their order.</summary>
    public IReadOnlyDictionary<string, double[]> LastValues { get; private set; } = new Dictionary<string, double[]>();

    /// <summary>Attributes of the sender's resource.</summary>
    public ConcurrentDictionary<string, bool> ResourceKeys { get; } = new();

    public static async Task<OtlpReceiver> StartAsync(HttpProtocols protocols)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = protocols));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.UseRouting();
        app.MapPost("/v1/metrics", (RequestDelegate)receiver.TakeAsync);
        app.MapPost("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", (RequestDelegate)receiver.TakeCallAsync);
        app.UseEndpoints(_ => { });
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        Assert.Equal("application/x-protobuf", context.Request.ContentType);
        ReadExport(await ReadBodyAsync(context));
        context.Response.ContentType = "application/x-protobuf";
    }

    // A message of gRPC is a flag, its length in four bytes, and itself; an empty one answers.
    private async Task TakeCallAsync(HttpContext context)
    {
        Assert.Equal("application/grpc", context.Request.ContentType);
        var body = await ReadBodyAsync(context);
        Assert.Equal((0, (uint)body.Length - 5), (body[0], BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1))));
        ReadExport(body[5..]);
        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    private void ReadExport(byte[] export)
    {
        var values = new Dictionary<string, double[]>();
        Visit(export, (1, resource => ReadResource(resource, values)));
        LastValues = values;
    }

    private void ReadResource(byte[] metrics, Dictionary<string, double[]> values) => Visit(
        metrics,
        (1, resource => Visit(resource, (1, pair => Visit(pair, (1, key => ResourceKeys[ToText(key)] = true))))),
        (2, scope => Visit(scope, (2, metric => ReadMetric(metric, values)))));

    private void ReadMetric(byte[] metric, Dictionary<string, double[]> values)
    {
        var (name, unit) = ("", "");
        var points = new List<double>();
        void ReadPoints(byte[] data) => Visit(data, (1, point => points.Add(ReadValue(point))));
        Visit(metric, (1, text => name = ToText(text)), (3, text => unit = ToText(text)), (5, ReadPoints), (7, ReadPoints));
        Metrics[name] = unit;
        if (points.Count > 0)
        {
            values.Add(name, [.. points]);
        }
    }

    // A double, or a whole number.
    private static double ReadValue(byte[] point)
    {
        var input = new CodedInputStream(point);
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 4:
                    return input.ReadDouble();
                case 6:
                    return input.ReadSFixed64();
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return double.NaN;
    }

    private static string ToText(byte[] text) => System.Text.Encoding.UTF8.GetString(text);

    private static void Visit(byte[] message, params (int Field, Action<byte[]> Read)[] readers)
    {
        var input = new CodedInputStream(message);
        while (input.ReadTag() is not 0 and var tag)
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited && readers.FirstOrDefault(reader => reader.Field == WireFormat.GetTagFieldNumber(tag)).Read is { } read)
            {
                read(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }
    }
}
