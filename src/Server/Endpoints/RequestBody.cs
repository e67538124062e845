using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>
/// A request's body as one JSON object, read by ourselves: any content type, every fault a clear 400. Strings in it are sound:
/// reading them never throws. Owns pooled memory; the elements die with it.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    // Tool schemas nest; nothing sensible nests deeper.
    private const int MaxDepth = 128;
    private const int FirstBuffer = 16 * 1024;

    // A client may announce any length; memory follows what it really sends.
    private const int MaxFirstBuffer = 1024 * 1024;

    private readonly JsonDocument _document;
    private readonly byte[] _buffer;

    private RequestBody(JsonDocument document, byte[] buffer)
    {
        _document = document;
        _buffer = buffer;
    }

    /// <summary>The object.</summary>
    public JsonElement Root => _document.RootElement;

    /// <summary>Reads the body to its end.</summary>
    /// <param name="request">Whose.</param>
    /// <param name="maxBytes">Larger bodies are refused.</param>
    /// <param name="cancellationToken">The client's leaving.</param>
    public static async ValueTask<Checked<RequestBody>> ReadAsync(HttpRequest request, long maxBytes, CancellationToken cancellationToken)
    {
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && !string.Equals(encoding.ToString(), "identity", StringComparison.OrdinalIgnoreCase))
        {
            return RequestError.Encoded(encoding.ToString());
        }

        if (request.ContentLength > maxBytes)
        {
            request.HttpContext.Response.Headers.Connection = "close";
            return RequestError.TooLarge(maxBytes);
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp((request.ContentLength ?? 0) + 1, FirstBuffer, MaxFirstBuffer));
        var length = 0;
        var isKept = false;
        try
        {
            while (true)
            {
                var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    break;
                }

                length += read;
                if (length > maxBytes)
                {
                    request.HttpContext.Response.Headers.Connection = "close";
                    return RequestError.TooLarge(maxBytes);
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, buffer.Length * 2L));
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            var parsed = Parse(buffer, length);
            isKept = parsed.TryGet(out _, out _);
            return parsed;
        }
        finally
        {
            if (!isKept)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _document.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private static Checked<RequestBody> Parse(byte[] buffer, int length)
    {
        ReadOnlyMemory<byte> json = buffer.AsMemory(0, length);
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        if (json.Span.StartsWith(byteOrderMark))
        {
            json = json[byteOrderMark.Length..];
        }

        if (json.IsEmpty)
        {
            return RequestError.BadBody("The request has no body; a JSON object was expected.");
        }

        if (!Utf8.IsValid(json.Span))
        {
            return RequestError.BadBody("The request body is not valid UTF-8.");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            return RequestError.BadBody($"We could not parse the JSON body of your request: {e.Message}");
        }

        var fault = document.RootElement.ValueKind != JsonValueKind.Object ? "The request body must be a JSON object."
            : HasLoneSurrogate(json.Span) ? "The request body holds half of a surrogate pair (\\ud800 to \\udfff without its other half), which is no text."
            : null;
        if (fault is not null)
        {
            document.Dispose();
            return RequestError.BadBody(fault);
        }

        return new RequestBody(document, buffer);
    }

    // In JSON that parsed, a backslash always begins an escape within a string, and \u has four hex digits behind it.
    private static bool HasLoneSurrogate(ReadOnlySpan<byte> json)
    {
        while (true)
        {
            var at = json.IndexOf((byte)'\\');
            if (at < 0)
            {
                return false;
            }

            json = json[at..];
            if (json[1] != 'u')
            {
                json = json[2..];
                continue;
            }

            var unit = HexUnit(json);
            json = json[6..];
            if (!char.IsSurrogate(unit))
            {
                continue;
            }

            if (char.IsLowSurrogate(unit) || !json.StartsWith("\\u"u8) || !char.IsLowSurrogate(HexUnit(json)))
            {
                return true;
            }

            json = json[6..];
        }
    }

    private static char HexUnit(ReadOnlySpan<byte> escape) =>
        System.Buffers.Text.Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out _, 'X') ? (char)unit : '\0';
}
