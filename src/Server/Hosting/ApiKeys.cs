using System.Security.Cryptography;
using System.Text;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// The keys that open the door. Only digests are kept, and a candidate is compared with all of them in constant time, so
/// neither memory nor timing tells a key. Any thread.
/// </summary>
internal sealed class ApiKeys
{
    private volatile byte[][] _digests;

    public ApiKeys(IEnumerable<string> keys) => _digests = [.. keys.Select(Digest)];

    /// <summary>True when no key is needed.</summary>
    public bool IsOpen => _digests.Length == 0;

    /// <summary>The keys of the options, which were validated.</summary>
    public static ApiKeys From(ServerOptions options) => new(Read(options));

    /// <summary>Takes over the keys of other options; requests that were let in stay in. Throws what reading a file throws, and changes nothing then.</summary>
    public void Replace(ServerOptions options) => _digests = [.. Read(options).Select(Digest)];

    /// <summary>The keys in a file. Throws what reading a file throws.</summary>
    public static List<string> ReadFile(string path) =>
        [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith('#'))];

    /// <summary>True if the candidate is one of the keys.</summary>
    public bool Contains(string candidate)
    {
        var digest = Digest(candidate);
        var isKnown = false;
        foreach (var known in _digests)
        {
            isKnown |= CryptographicOperations.FixedTimeEquals(known, digest);
        }

        return isKnown;
    }

    private static List<string> Read(ServerOptions options)
    {
        var keys = options.ApiKeyFile is { } file ? ReadFile(file) : [];
        if (options.ApiKey is { } key)
        {
            keys.Add(key.Trim());
        }

        return keys;
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
