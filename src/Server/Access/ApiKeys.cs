using System.Security.Cryptography;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Access;

/// <summary>
/// The keys that open the door, and whose they are. Only digests are kept, and a candidate is compared with all of them in constant time, so
/// neither memory nor timing tells a key. Any thread.
/// </summary>
internal sealed class ApiKeys
{
    // No name of a key file has a colon.
    private const string NameOfSetting = "Server:ApiKey";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ClientAccount> _accounts = new(StringComparer.Ordinal);
    private readonly TimeProvider _clock;
    private volatile State _state;

    /// <summary>The keys and limits of settings, which were validated. Throws what reading a file throws.</summary>
    public ApiKeys(Settings settings, TimeProvider clock)
    {
        _clock = clock;
        Everybody = AccountOf(ClientAccount.NameOfEverybody);
        _state = Read(settings);
    }

    /// <summary>True when no key is needed.</summary>
    public bool IsOpen => _state.Keys.Length == 0;

    /// <summary>Whose the requests are when no key is needed.</summary>
    public ClientAccount Everybody { get; }

    /// <summary>The limits of now.</summary>
    public LimitOptions Limits => _state.Limits;

    /// <summary>Everybody who had a key since the start.</summary>
    public IReadOnlyList<ClientAccount> Accounts
    {
        get
        {
            lock (_lock)
            {
                return [.. _accounts.Values];
            }
        }
    }

    /// <summary>
    /// Takes over the keys and limits of other settings, which were validated; requests that were let in stay in. Throws what reading a file
    /// throws, and <see cref="InvalidDataException"/> over a file that changed since; changes nothing then.
    /// </summary>
    public void Replace(Settings settings) => _state = Read(settings);

    /// <summary>Whose a key is; null if it is nobody's.</summary>
    public ClientAccount? Find(string candidate)
    {
        var digest = ApiKey.DigestOf(candidate);
        ClientAccount? found = null;
        foreach (var (known, account) in _state.Keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known, digest))
            {
                found = account;
            }
        }

        return found;
    }

    private State Read(Settings settings)
    {
        var errors = new List<string>();
        var keys = settings.Server.ApiKeyFile is { } file ? KeyFile.Read(file, errors) : [];
        if (errors.Count > 0)
        {
            throw new InvalidDataException(string.Join(' ', errors));
        }

        if (settings.Server.ApiKey is { } text)
        {
            keys.Add(new ApiKey(NameOfSetting, ApiKey.DigestOf(text.Trim())));
        }

        var limits = settings.Limits.ForClients();
        Everybody.Set(limits, highest: null);
        return new State([.. keys.Select(key => (key.Digest.ToArray(), Open(key, limits)))], settings.Limits);
    }

    private ClientAccount Open(ApiKey key, ClientLimits limits)
    {
        var account = AccountOf(key.Name);
        account.Set(key.Limits.Or(limits), key.Class);
        return account;
    }

    private ClientAccount AccountOf(string name)
    {
        lock (_lock)
        {
            if (!_accounts.TryGetValue(name, out var account))
            {
                _accounts.Add(name, account = new ClientAccount(name, _clock));
            }

            return account;
        }
    }

    private sealed record State((byte[] Digest, ClientAccount Account)[] Keys, LimitOptions Limits);
}
