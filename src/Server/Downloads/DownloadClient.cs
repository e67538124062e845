using System.Net;
using System.Net.Http.Headers;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Downloads;

/// <summary>
/// Asks for files over HTTP. Follows redirects itself, so that the hub's token goes to the hub only. Any thread.
/// </summary>
internal sealed class DownloadClient : IDisposable
{
    private const int MaxRedirects = 10;

    // What a SHA-256 has in hex digits; other entity tags of the hub are Git's shorter hashes.
    private const int Sha256Length = 64;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);

    private readonly HuggingFace _hub;
    private readonly HttpClient _http;

    public DownloadClient(HuggingFace hub)
    {
        _hub = hub;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            // Files take hours; who reads watches for silence.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("InferenceServer", ServerVersion.Text));
    }

    /// <summary>Asks for the first byte, and so for all that a server says about a file. Throws as <see cref="GetAsync"/> does.</summary>
    public async Task<RemoteFile> ProbeAsync(Uri address, CancellationToken cancellationToken)
    {
        using var answer = await GetAsync(address, 0, 0, cancellationToken);
        var response = answer.Response;

        // Servers answer 416 about files without a first byte.
        var isEmpty = response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && response.Content.Headers.ContentRange?.Length == 0;
        if (!isEmpty)
        {
            ThrowIfFailed(response, address);
        }

        var headers = response.Content.Headers;
        var hasRanges = response.StatusCode == HttpStatusCode.PartialContent;
        return new RemoteFile
        {
            HasRanges = hasRanges && headers.ContentRange?.Length is not null,
            Length = hasRanges || isEmpty ? headers.ContentRange?.Length : headers.ContentLength,
            Sha256 = answer.LinkedTag is { Length: Sha256Length } tag && tag.All(char.IsAsciiHexDigit) ? tag.ToLowerInvariant() : null,
            Version = answer.LinkedTag ?? response.Headers.ETag?.Tag ?? headers.LastModified?.ToString("O"),
        };
    }

    /// <summary>
    /// Sends a GET for some bytes and follows redirects. The answer may be any status. Throws <see cref="HttpRequestException"/> if there is
    /// none, and <see cref="DownloadException"/> over redirects that must not be followed.
    /// </summary>
    /// <param name="address">Of the file.</param>
    /// <param name="first">First byte wanted.</param>
    /// <param name="last">Last byte wanted; null for the whole file.</param>
    /// <param name="cancellationToken">Ends the wait for the answer's headers.</param>
    public async Task<DownloadAnswer> GetAsync(Uri address, long first, long? last, CancellationToken cancellationToken)
    {
        string? linkedTag = null;
        var current = address;
        for (var hops = 0; hops <= MaxRedirects; hops++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, current);
            request.Headers.Range = last is null ? null : new RangeHeaderValue(first, last);
            if (_hub.Token is { } token && _hub.IsOwn(current))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

            // The hub names the hash where it redirects from; nobody else is believed.
            if (linkedTag is null && _hub.IsOwn(current) && response.Headers.TryGetValues("X-Linked-Etag", out var tags))
            {
                linkedTag = tags.First().Trim('"');
            }

            if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location)
            {
                return new DownloadAnswer(response, linkedTag);
            }

            response.Dispose();
            var next = new Uri(current, location);
            if (next.Scheme is not ("https" or "http") || (current.Scheme == "https" && next.Scheme == "http"))
            {
                throw new DownloadException(DownloadStatus.Failed, $"{current.Host} redirects to {next.Scheme}://{next.Host}, which is not safe to follow.");
            }

            current = next;
        }

        throw new DownloadException(DownloadStatus.Failed, $"{address.Host} redirects more than {MaxRedirects} times.");
    }

    /// <summary>Throws what an answer means for good, and <see cref="ServerFailureException"/> for what may pass.</summary>
    public void ThrowIfFailed(HttpResponseMessage response, Uri address)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var status = (int)response.StatusCode;
        throw response.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new DownloadException(DownloadStatus.NotFound, $"{address} does not exist."),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new DownloadException(DownloadStatus.Refused, WhyRefused(address, status)),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                new ServerFailureException($"{address.Host} answered {status}", response.Headers.RetryAfter),
            _ => new DownloadException(DownloadStatus.Failed, $"{address.Host} answered {status} for {address}."),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private string WhyRefused(Uri address, int status) => !_hub.IsOwn(address)
        ? $"{address.Host} refuses to send {address} (status {status})."
        : _hub.Token is null
            ? $"{address.Host} refuses to send {address}: the model is private or must be agreed to. Set HF_TOKEN to a token of an account that may read it."
            : $"{address.Host} refuses to send {address}: the account of HF_TOKEN may not read it, or has not agreed to its terms.";
}
