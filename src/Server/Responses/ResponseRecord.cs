using System.Globalization;
using System.Text;
using System.Text.Json;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Responses;

/// <summary>Between responses and what is kept of them.</summary>
internal static class ResponseRecord
{
    /// <summary>What is kept.</summary>
    /// <param name="body">The response.</param>
    /// <param name="input">Its own input items, as stored.</param>
    public static StoredResponse Of(ResponseBody body, byte[] input) => new()
    {
        Id = body.Id,
        PreviousId = body.PreviousResponseId,
        Status = body.Status,
        Background = body.Background,
        Input = input,
        Body = JsonSerializer.SerializeToUtf8Bytes(body, OpenAiJson.Wire.ResponseBody),
        ItemIds = [.. body.Output.Select(item => item.Id)],
    };

    /// <summary>The input items.</summary>
    public static IEnumerable<JsonElement> InputOf(StoredResponse response) => JsonElement.Parse(response.Input).EnumerateArray();

    /// <summary>The output items.</summary>
    public static IEnumerable<JsonElement> OutputOf(StoredResponse response) => JsonElement.Parse(response.Body).GetProperty("output"u8).EnumerateArray();

    /// <summary>The id of an item.</summary>
    public static string IdOf(JsonElement item) => item.GetProperty("id"u8).GetString()!;

    /// <summary>The event that a response which failed ends with.</summary>
    /// <param name="response">As kept.</param>
    /// <param name="number">The event's number.</param>
    public static byte[] ToLastEvent(StoredResponse response, int number)
    {
        var head = string.Create(
            CultureInfo.InvariantCulture, $"event: {EventNames.Failed}\ndata: {{\"type\":\"{EventNames.Failed}\",\"sequence_number\":{number},\"response\":");
        return [.. Encoding.UTF8.GetBytes(head), .. response.Body, .. "}\n\n"u8];
    }
}
