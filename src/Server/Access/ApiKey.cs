using System.Security.Cryptography;
using System.Text;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Server.Access;

/// <summary>A key, without its text: only who knows the text can prove it.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Digest">SHA-256 of the text, in UTF-8.</param>
internal sealed record ApiKey(string Name, ReadOnlyMemory<byte> Digest)
{
    // 62 letters and digits to the power of 43 are more than 2^256. "sk-" because some clients insist on it.
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const int NumLetters = 43;
    private const string Prefix = "sk-";

    /// <summary>The class of requests that name none, and the highest that others get. Null: what they name.</summary>
    public RequestClass? Class { get; init; }

    /// <summary>How much its owner may have.</summary>
    public ClientLimits Limits { get; init; } = new();

    /// <summary>A text that nobody will ever guess, which is why one pass of SHA-256 protects it.</summary>
    public static string NewText() => Prefix + RandomNumberGenerator.GetString(Letters, NumLetters);

    /// <summary>The digest of a text.</summary>
    public static byte[] DigestOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
