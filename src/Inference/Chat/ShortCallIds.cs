using System.Security.Cryptography;
using System.Text;

namespace InferenceServer.Inference.Chat;

/// <summary>Replaces ids of calls by nine letters and digits, the only form that Mistral's templates take: the same id always by the same.</summary>
internal static class ShortCallIds
{
    private const int Length = 9;

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static void Apply(List<ChatMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            messages[i] = messages[i] with
            {
                ToolCalls = [.. messages[i].ToolCalls.Select(call => call with { Id = Of(call.Id) })],
                ToolCallId = messages[i].ToolCallId is { } id ? Of(id) : null,
            };
        }
    }

    public static string Of(string id)
    {
        if (id.Length == Length && id.All(char.IsAsciiLetterOrDigit))
        {
            return id;
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(id));
        return string.Create(Length, hash, static (text, bytes) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = Alphabet[bytes[i] % Alphabet.Length];
            }
        });
    }
}
