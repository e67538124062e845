using System.Globalization;

namespace InferenceServer.Server.Access;

/// <summary>OpenAI's headers that tell a client how far its limits are used up.</summary>
internal static class RateLimitHeaders
{
    /// <summary>Those of the limits that the client has; of tokens the limit a minute, or else the quota a day.</summary>
    public static void Write(IHeaderDictionary headers, ClientAccount account)
    {
        var (requests, tokens) = account.Status();
        Write(headers, "requests", requests);
        Write(headers, "tokens", tokens);
    }

    /// <summary>A time as OpenAI writes it: <c>6m0s</c>, <c>1.5s</c>, <c>20ms</c>.</summary>
    internal static string Text(TimeSpan time)
    {
        if (time < TimeSpan.FromSeconds(1))
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMilliseconds)}ms");
        }

        // Rounded first: 59.9999 seconds are a minute.
        time = TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds));
        var seconds = string.Create(CultureInfo.InvariantCulture, $"{time.Seconds + (time.Milliseconds / 1000.0):0.###}s");
        return time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}h{time.Minutes}m{seconds}")
            : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{seconds}")
            : seconds;
    }

    private static void Write(IHeaderDictionary headers, string what, RateStatus? status)
    {
        if (status is { } known)
        {
            headers[$"x-ratelimit-limit-{what}"] = known.Limit.ToString(CultureInfo.InvariantCulture);
            headers[$"x-ratelimit-remaining-{what}"] = known.Remaining.ToString(CultureInfo.InvariantCulture);
            headers[$"x-ratelimit-reset-{what}"] = Text(known.Reset);
        }
    }
}
