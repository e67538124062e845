using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Access;

/// <summary>
/// Remembers over restarts what clients with a quota of tokens a day have used of it: a small file, written a few seconds after something changed and at
/// the end. A process that is killed forgets those seconds. A file is one server's. Without quotas there is no file.
/// </summary>
internal sealed class UsageFile(ApiKeys keys, TimeProvider clock, ILogger<UsageFile> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Which file was read, and what was written to it last.
    private string? _read;
    private string? _written;
    private bool _isBroken;

    /// <summary>Reads what was used before the first request is answered.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Look();
        return base.StartAsync(cancellationToken);
    }

    /// <summary>Writes what was used until the last request ended.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Look();
    }

    /// <summary>Reads the file if a quota has come up, and writes it if something changed. One thread at a time.</summary>
    internal void Look()
    {
        if (!keys.Accounts.Any(account => account.HasQuota))
        {
            return;
        }

        var path = keys.Limits.FullUsageFile();
        try
        {
            if (_read != path)
            {
                Read(path);
                _read = path;
            }

            Write(path);
            _isBroken = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_isBroken)
            {
                logger.UsageNotKept(path, e.Message);
            }

            _isBroken = true;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            Look();
        }
    }

    private void Read(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        DayUsage? usage = null;
        try
        {
            usage = JsonSerializer.Deserialize(File.ReadAllBytes(path), UsageJson.Default.DayUsage);
        }
        catch (JsonException e)
        {
            // Written anew: nothing in it is worth a server that does not count.
            logger.UsageNotKept(path, e.Message);
        }

        if (usage?.Tokens is { } tokens)
        {
            foreach (var account in keys.Accounts)
            {
                account.Remember(usage.Day, tokens.GetValueOrDefault(account.Name));
            }
        }
    }

    private void Write(string path)
    {
        var tokens = keys.Accounts.Where(account => account.UsedToday > 0).ToDictionary(account => account.Name, account => account.UsedToday);
        var text = JsonSerializer.Serialize(new DayUsage(DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime), tokens), UsageJson.Default.DayUsage);
        if (text == _written)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
        _written = text;
    }
}

/// <summary>What is in the file.</summary>
/// <param name="Day">Of UTC.</param>
/// <param name="Tokens">Used on that day, by the key's name.</param>
internal sealed record DayUsage(DateOnly Day, Dictionary<string, long> Tokens);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DayUsage))]
internal sealed partial class UsageJson : JsonSerializerContext;
