using System.Security.Cryptography;

namespace InferenceServer.Server.Streaming;

/// <summary>What every chunk of an answer repeats.</summary>
/// <param name="Id">What kind of answer it is, and 24 letters or digits.</param>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="Model">Id of the model that answers.</param>
/// <param name="Fingerprint">The model's fingerprint.</param>
/// <param name="ServiceTier">The scheduling class, in OpenAI's word.</param>
internal sealed record AnswerIdentity(string Id, long Created, string Model, string Fingerprint, string ServiceTier)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A new id. Random, so that nobody can guess another's.</summary>
    /// <param name="prefix">What it begins with.</param>
    public static string NewId(string prefix) => prefix + RandomNumberGenerator.GetString(Alphabet, 24);
}
