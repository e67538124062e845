using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using InferenceServer.Inference.Engine;

namespace InferenceServer.Inference.Remote;

/// <summary>Requests that ended the engine even when they ran alone, by a hash of what they ask: not tried again for a while. The caller locks.</summary>
internal sealed class RefusedRequests
{
    /// <summary>How long nobody tries.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromMinutes(10);

    // Each of them cost several restarts: there cannot be many.
    private const int Capacity = 256;

    private readonly Dictionary<UInt128, TimeSpan> _until = [];

    /// <summary>Refuses a request from now on.</summary>
    public void Add(GenerationRequest request, TimeSpan now)
    {
        Forget(now);
        if (_until.Count < Capacity)
        {
            _until[Hash(request)] = now + Time;
        }
    }

    /// <summary>True if it is refused.</summary>
    public bool Has(GenerationRequest request, TimeSpan now)
    {
        if (_until.Count == 0)
        {
            return false;
        }

        Forget(now);
        return _until.Count > 0 && _until.ContainsKey(Hash(request));
    }

    private void Forget(TimeSpan now)
    {
        foreach (var (hash, until) in _until)
        {
            if (until <= now)
            {
                _until.Remove(hash);
            }
        }
    }

    // What the engine computes; not how it picks, which differs from one try to the next.
    private static UInt128 Hash(GenerationRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(request.PromptTokens.Span));
        hash.AppendData(Encoding.UTF8.GetBytes(request.Grammar?.Text ?? ""));
        return MemoryMarshal.Read<UInt128>(hash.GetHashAndReset());
    }
}
