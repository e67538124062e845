using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Server.Hosting;
using Microsoft.Data.Sqlite;

namespace InferenceServer.Server.Responses;

/// <summary>
/// What is kept of responses. One thread of its own, <c>response-store</c>, does all that touches the file, one thing after the
/// other; whoever asks awaits it without holding a thread, and a question asked behind a write finds what was written. When the
/// file cannot be used, the server goes on without: every question is answered <see cref="StoreStatus.Unavailable"/>, one
/// line says why, and now and then it is tried again. Any thread.
/// </summary>
internal sealed class ResponseStore : IHostedService, IDisposable
{
    // A disk that hangs costs so many writes of memory, and no more.
    private const int MaxWaiting = 1024;
    private const long SecondsPerDay = 24 * 60 * 60;

    // SQLite's SQLITE_BUSY.
    private const int BusyCode = 5;

    // SQLite's SQLITE_CORRUPT and SQLITE_NOTADB.
    private static readonly int[] DamageCodes = [11, 26];
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);
    // A disk that hangs does not keep the process alive.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromMinutes(10);

    private readonly ResponsesOptions _options;
    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly ILogger<ResponseStore> _logger;
    private readonly BlockingCollection<Action> _jobs = new(MaxWaiting);
    private readonly Thread? _thread;
    private bool _isStarted;
    private int _isDisposed;

    // Of the store's thread alone.
    private ResponseDatabase? _database;
    private long? _failedAt;
    private long _prunedAt;

    /// <summary>A store whose thread does not run yet.</summary>
    public ResponseStore(Settings settings, TimeProvider clock, ILogger<ResponseStore> logger)
    {
        _options = settings.Responses;
        _path = _options.FullPath();
        _clock = clock;
        _logger = logger;
        _thread = _options.Store ? new Thread(Run) { Name = "response-store", IsBackground = true } : null;
    }

    /// <summary>False: the operator wants nothing kept.</summary>
    public bool IsEnabled => _options.Store;

    private long MaxBytes => _options.MaxMegabytes * 1024L * 1024;

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Opens the file if there is one, on the store's thread, and marks what the last process left unfinished.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread?.Start();
        _isStarted = _thread is not null;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Keeps a new response.</summary>
    public Task<StoreReply<object>> AddAsync(StoredResponse response) => AskAsync<object>(database =>
    {
        database.Add(response, Now);
        Prune(database);
        NoteSuccess();
        return new(StoreStatus.Ok);
    });

    /// <summary>Keeps the end of a response that was added when it began.</summary>
    /// <param name="response">Ended.</param>
    /// <param name="events">Its events.</param>
    public Task<StoreReply<object>> EndAsync(StoredResponse response, byte[] events) => AskAsync<object>(database =>
    {
        database.End(response, events);
        NoteSuccess();
        return new(StoreStatus.Ok);
    });

    /// <summary>A response.</summary>
    public Task<StoreReply<StoredResponse>> FindAsync(string id) => AskAsync(database => Found(database.Find(id), id));

    /// <summary>The events of an ended background response; a value of null if none are kept.</summary>
    public Task<StoreReply<byte[]>> FindEventsAsync(string id) => AskAsync<byte[]>(database => new(StoreStatus.Ok, database.FindEvents(id)));

    /// <summary>A response and all those before it, oldest first.</summary>
    public Task<StoreReply<IReadOnlyList<StoredResponse>>> FindConversationAsync(string id) => AskAsync<IReadOnlyList<StoredResponse>>(database =>
    {
        var conversation = database.FindConversation(id);
        return conversation.Count == 0 ? new(StoreStatus.NotFound, MissingId: id)
            : conversation[0].PreviousId is { } missing ? new(StoreStatus.NotFound, MissingId: missing)
            : new(StoreStatus.Ok, conversation);
    });

    /// <summary>The responses that output items belong to, in the order of the items.</summary>
    public Task<StoreReply<IReadOnlyList<StoredResponse>>> FindByItemsAsync(IReadOnlyList<string> itemIds) => AskAsync<IReadOnlyList<StoredResponse>>(database =>
    {
        var owners = new List<StoredResponse>(itemIds.Count);
        foreach (var itemId in itemIds)
        {
            if (database.FindByItem(itemId) is not { } owner)
            {
                return new(StoreStatus.NotFound, MissingId: itemId);
            }

            owners.Add(owner);
        }

        return new(StoreStatus.Ok, owners);
    });

    /// <summary>Deletes a response.</summary>
    public Task<StoreReply<object>> DeleteAsync(string id) => AskAsync<object>(database =>
        database.Delete(id) ? new(StoreStatus.Ok) : new(StoreStatus.NotFound, MissingId: id));

    /// <summary>Does what is still to be done and closes the file.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _jobs.CompleteAdding();
        if (!_isStarted || _thread!.Join(StopPatience))
        {
            _jobs.Dispose();
        }
    }

    private static StoreReply<StoredResponse> Found(StoredResponse? response, string id) =>
        response is null ? new(StoreStatus.NotFound, MissingId: id) : new(StoreStatus.Ok, response);

    private Task<StoreReply<T>> AskAsync<T>(Func<ResponseDatabase, StoreReply<T>> ask)
    {
        var unavailable = new StoreReply<T>(StoreStatus.Unavailable);
        if (!IsEnabled)
        {
            return Task.FromResult(unavailable);
        }

        var reply = new TaskCompletionSource<StoreReply<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            return _jobs.TryAdd(() => reply.SetResult(Try(ask) ?? unavailable)) ? reply.Task : Task.FromResult(unavailable);
        }
        catch (InvalidOperationException)
        {
            // The server has stopped.
            return Task.FromResult(unavailable);
        }
    }

    private void Run()
    {
        if (File.Exists(_path))
        {
            Try<object>(_ => new(StoreStatus.Ok));
        }

        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            job();
        }

        _database?.Dispose();
    }

    // Null: the file cannot be used.
    private StoreReply<T>? Try<T>(Func<ResponseDatabase, StoreReply<T>> ask)
    {
        if (_database is null && _failedAt is { } failedAt && _clock.GetElapsedTime(failedAt) < RetryInterval)
        {
            return null;
        }

        try
        {
            _database ??= Open();
            return ask(_database);
        }
        catch (SqliteException e) when (DamageCodes.Contains(e.SqliteErrorCode))
        {
            PutAside(e.Message);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            NoteFailure(e is SqliteException { SqliteErrorCode: BusyCode } ? "another process uses it" : e.Message);
        }

        return null;
    }

    private ResponseDatabase Open()
    {
        var database = ResponseDatabase.Open(_path, MaxBytes);
        try
        {
            MarkInterrupted(database);
            database.Prune(Now - (_options.RetentionDays * SecondsPerDay), MaxBytes);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private void MarkInterrupted(ResponseDatabase database)
    {
        var ids = database.FindInterrupted();
        foreach (var id in ids)
        {
            var response = database.Find(id)!;
            var body = JsonNode.Parse(response.Body)!.AsObject();
            body["status"] = ResponseStatus.Failed;
            body["error"] = JsonSerializer.SerializeToNode(
                new ResponseFailure("server_error", "The server ended while this response was being generated."), OpenAi.OpenAiJson.Wire.ResponseFailure);
            database.End(response with { Status = ResponseStatus.Failed, Body = JsonSerializer.SerializeToUtf8Bytes(body, OpenAi.OpenAiJson.Wire.JsonObject) }, events: null);
        }

        if (ids.Count > 0)
        {
            _logger.ResponsesInterrupted(ids.Count);
        }
    }

    private void Prune(ResponseDatabase database)
    {
        // The size is looked at each time, the age now and then.
        if (_clock.GetElapsedTime(_prunedAt) >= PruneInterval || database.NumUsedBytes() > MaxBytes)
        {
            _prunedAt = _clock.GetTimestamp();
            database.Prune(Now - (_options.RetentionDays * SecondsPerDay), MaxBytes);
        }
    }

    // Only what was written shows that all is well: a full disk can still be read.
    private void NoteSuccess()
    {
        if (_failedAt is not null)
        {
            _failedAt = null;
            _logger.StoreRecovered(_path);
        }
    }

    private void NoteFailure(string reason)
    {
        if (_failedAt is null)
        {
            _logger.StoreUnavailable(_path, reason);
        }

        _failedAt = _clock.GetTimestamp();
    }

    // What is in it may still be of use to somebody who knows more; the server begins anew.
    private void PutAside(string reason)
    {
        _database?.Dispose();
        _database = null;
        var aside = $"{_path}.damaged-{_clock.GetUtcNow():yyyyMMddHHmmss}";
        try
        {
            File.Move(_path, aside, overwrite: true);
            foreach (var rest in new[] { "-wal", "-shm", "-journal" })
            {
                File.Delete(_path + rest);
            }

            _logger.StoreDamaged(_path, reason, aside);
            _database = Open();
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            NoteFailure(e.Message);
        }
    }
}
