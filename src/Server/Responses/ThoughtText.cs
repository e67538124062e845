using System.Text;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>
/// The text of a thought, which clients send back so that the model can go on from it. Clients without a store do that only with
/// <c>encrypted_content</c>, whatever is in it; here it is the text itself, encoded.
/// </summary>
internal static class ThoughtText
{
    // Tells our encoding from what other servers put there.
    private const string Mark = "text-v1.";

    /// <summary>The encoded form.</summary>
    public static string Encode(string text) => Mark + Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>The text of a <c>reasoning</c> item: its content, else what is encoded in it, else its summary.</summary>
    public static string Read(JsonFields item)
    {
        var encoded = item.Text("encrypted_content");
        var content = Join(item, "content");
        var summary = Join(item, "summary");
        return content.Length > 0 ? content : Decode(encoded) ?? summary;
    }

    private static string? Decode(string? encoded)
    {
        if (encoded is null || !encoded.StartsWith(Mark, StringComparison.Ordinal))
        {
            return null;
        }

        var bytes = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded[Mark.Length..], bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static string Join(JsonFields item, string name)
    {
        var texts = new List<string>();
        foreach (var part in item.Objects(name))
        {
            part.Text("type");
            texts.Add(part.Text("text") ?? "");
        }

        return string.Join("\n\n", texts);
    }
}
