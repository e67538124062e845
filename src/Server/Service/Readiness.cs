using System.Net;

namespace InferenceServer.Server.Service;

/// <summary>Asks a server whether it is ready.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>True if <c>/readyz</c> says so.</summary>
    /// <param name="address">Of the server.</param>
    /// <param name="cancellationToken">To wait no longer.</param>
    public static async Task<bool> IsReadyAsync(Uri address, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = Timeout };
        try
        {
            using var response = await client.GetAsync(new Uri(address, "/readyz"), cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
