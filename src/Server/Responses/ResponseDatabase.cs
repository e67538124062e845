using System.Globalization;
using System.IO.Compression;
using Microsoft.Data.Sqlite;

namespace InferenceServer.Server.Responses;

/// <summary>
/// The file: what is kept of responses, and the statements on it. A response holds its own input and output and names the one it
/// goes on from, so that a conversation is kept once, however long it gets. What is used least recently is deleted first; whoever
/// goes on from a response uses all those before it, so a conversation loses its ends before its beginning. One thread;
/// everything may throw <see cref="SqliteException"/>.
/// </summary>
internal sealed class ResponseDatabase : IDisposable
{
    // Raised with every change of the tables; a file of another version is not touched.
    private const long Version = 1;

    // Another process that has the file is not waited for: it will not let go.
    private const int BusySeconds = 1;

    // Deleted at a time while the file is too large.
    private const int PruneBatch = 32;

    private const string Tables =
        """
        CREATE TABLE responses (
            id TEXT PRIMARY KEY,
            previous_id TEXT,
            used_at INTEGER NOT NULL,
            status TEXT NOT NULL,
            background INTEGER NOT NULL,
            input BLOB NOT NULL,
            body BLOB NOT NULL,
            events BLOB);
        CREATE INDEX responses_used ON responses (used_at);
        CREATE TABLE items (
            id TEXT PRIMARY KEY,
            response_id TEXT NOT NULL REFERENCES responses (id) ON DELETE CASCADE) WITHOUT ROWID;
        CREATE INDEX items_response ON items (response_id);
        """;

    private const string Chain =
        """
        WITH RECURSIVE chain (id, previous_id, depth) AS (
            SELECT id, previous_id, 0 FROM responses WHERE id = $id
            UNION ALL
            SELECT responses.id, responses.previous_id, depth + 1 FROM responses JOIN chain ON responses.id = chain.previous_id)
        """;

    private readonly SqliteConnection _connection;

    private ResponseDatabase(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the file, or makes it, readable by its owner alone.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="maxBytes">Size that it is to be kept below; a write that would make it twice as large fails.</param>
    public static ResponseDatabase Open(string path, long maxBytes)
    {
        Protect(path);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = BusySeconds }.ToString());
        try
        {
            connection.Open();
            var database = new ResponseDatabase(connection);
            database.Prepare(maxBytes);
            return database;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Background responses that a process was running when it ended: the ids.</summary>
    public IReadOnlyList<string> FindInterrupted()
    {
        using var command = Command("SELECT id FROM responses WHERE status IN ('queued', 'in_progress')");
        using var reader = command.ExecuteReader();
        var ids = new List<string>();
        while (reader.Read())
        {
            ids.Add(reader.GetString(0));
        }

        return ids;
    }

    /// <summary>Adds a response and marks those that it goes on from as used.</summary>
    /// <param name="response">New.</param>
    /// <param name="now">Seconds since 1970.</param>
    public void Add(StoredResponse response, long now)
    {
        using var transaction = _connection.BeginTransaction();
        using (var insert = Command(
            "INSERT INTO responses (id, previous_id, used_at, status, background, input, body) VALUES ($id, $previous, $now, $status, $background, $input, $body)",
            ("$id", response.Id),
            ("$previous", (object?)response.PreviousId ?? DBNull.Value),
            ("$now", now),
            ("$status", response.Status),
            ("$background", response.Background),
            ("$input", response.Input),
            ("$body", response.Body)))
        {
            insert.ExecuteNonQuery();
        }

        AddItems(response.Id, response.ItemIds);
        if (response.PreviousId is { } previous)
        {
            using var touch = Command(
                $"{Chain} UPDATE responses SET used_at = max(used_at, $now) WHERE id IN (SELECT id FROM chain)", ("$id", previous), ("$now", now));
            touch.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>Puts the end of a response in the place of its beginning; nothing if it was deleted meanwhile.</summary>
    /// <param name="response">Ended.</param>
    /// <param name="events">Its events; null for none.</param>
    public void End(StoredResponse response, byte[]? events)
    {
        using var transaction = _connection.BeginTransaction();
        using var update = Command(
            "UPDATE responses SET status = $status, body = $body, events = $events WHERE id = $id",
            ("$id", response.Id),
            ("$status", response.Status),
            ("$body", response.Body),
            ("$events", events is null ? DBNull.Value : Compress(events)));
        if (update.ExecuteNonQuery() > 0)
        {
            AddItems(response.Id, response.ItemIds);
        }

        transaction.Commit();
    }

    /// <summary>A response; null if there is none of that id.</summary>
    public StoredResponse? Find(string id)
    {
        using var command = Command("SELECT id, previous_id, status, background, input, body FROM responses WHERE id = $id", ("$id", id));
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    /// <summary>The events of an ended background response; null if none are kept.</summary>
    public byte[]? FindEvents(string id)
    {
        using var command = Command("SELECT events FROM responses WHERE id = $id", ("$id", id));
        return command.ExecuteScalar() is byte[] events ? Decompress(events) : null;
    }

    /// <summary>A response and all those before it, oldest first; empty if there is none of that id. The first one may name one that was deleted.</summary>
    public IReadOnlyList<StoredResponse> FindConversation(string id)
    {
        using var command = Command(
            $"{Chain} SELECT r.id, r.previous_id, r.status, r.background, r.input, r.body FROM chain JOIN responses r ON r.id = chain.id ORDER BY depth DESC", ("$id", id));
        using var reader = command.ExecuteReader();
        var conversation = new List<StoredResponse>();
        while (reader.Read())
        {
            conversation.Add(Read(reader));
        }

        return conversation;
    }

    /// <summary>The response that an output item belongs to; null if there is none.</summary>
    public StoredResponse? FindByItem(string itemId)
    {
        using var command = Command(
            "SELECT r.id, r.previous_id, r.status, r.background, r.input, r.body FROM items JOIN responses r ON r.id = items.response_id WHERE items.id = $id", ("$id", itemId));
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    /// <summary>Deletes a response; false if there was none.</summary>
    public bool Delete(string id)
    {
        using var command = Command("DELETE FROM responses WHERE id = $id", ("$id", id));
        return command.ExecuteNonQuery() > 0;
    }

    /// <summary>Deletes what is too old, and then what was used least recently until the rest is small enough.</summary>
    /// <param name="usedBefore">Seconds since 1970.</param>
    /// <param name="maxBytes">Size of the rest at most.</param>
    public void Prune(long usedBefore, long maxBytes)
    {
        using (var old = Command("DELETE FROM responses WHERE used_at < $before", ("$before", usedBefore)))
        {
            old.ExecuteNonQuery();
        }

        // Of those used at the same moment the youngest first: it is the end of a conversation.
        while (NumUsedBytes() > maxBytes)
        {
            using var least = Command("DELETE FROM responses WHERE rowid IN (SELECT rowid FROM responses ORDER BY used_at, rowid DESC LIMIT $count)", ("$count", PruneBatch));
            if (least.ExecuteNonQuery() == 0)
            {
                break;
            }
        }

        using var shrink = Command("PRAGMA incremental_vacuum");
        shrink.ExecuteNonQuery();
    }

    /// <summary>Size of what is kept.</summary>
    public long NumUsedBytes() => (Scalar("PRAGMA page_count") - Scalar("PRAGMA freelist_count")) * Scalar("PRAGMA page_size");

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private static void Protect(string path)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.Exists(folder))
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // SQLite gives its other files the mode of this one.
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, UnixCreateMode = Mode }))
        {
        }

        if (File.GetUnixFileMode(path) != Mode)
        {
            File.SetUnixFileMode(path, Mode);
        }
    }

    private static StoredResponse Read(SqliteDataReader reader) => new()
    {
        Id = reader.GetString(0),
        PreviousId = reader.IsDBNull(1) ? null : reader.GetString(1),
        Status = reader.GetString(2),
        Background = reader.GetBoolean(3),
        Input = reader.GetFieldValue<byte[]>(4),
        Body = reader.GetFieldValue<byte[]>(5),
    };

    private static byte[] Compress(byte[] data)
    {
        using var packed = new MemoryStream();
        using (var packer = new BrotliStream(packed, CompressionLevel.Fastest))
        {
            packer.Write(data);
        }

        return packed.ToArray();
    }

    private static byte[] Decompress(byte[] data)
    {
        using var unpacker = new BrotliStream(new MemoryStream(data), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        unpacker.CopyTo(unpacked);
        return unpacked.ToArray();
    }

    // Locked by this process alone: no other one may take our running responses for interrupted, and no shared memory is needed.
    private void Prepare(long maxBytes)
    {
        Run("PRAGMA locking_mode = EXCLUSIVE");
        Run("PRAGMA auto_vacuum = INCREMENTAL");
        Run("PRAGMA journal_mode = WAL");
        Run("PRAGMA synchronous = NORMAL");
        Run("PRAGMA foreign_keys = ON");
        Run("PRAGMA secure_delete = ON");
        Run(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {2 * maxBytes / Scalar("PRAGMA page_size")}"));
        var version = Scalar("PRAGMA user_version");
        if (version == 0)
        {
            using var transaction = _connection.BeginTransaction();
            Run(Tables);
            Run(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Version}"));
            transaction.Commit();
        }
        else if (version != Version)
        {
            throw new InvalidDataException($"the file is of version {version}, but this server knows version {Version}");
        }
        else
        {
            // Takes the lock now, and finds out at once whether the file can be written.
            Run("BEGIN EXCLUSIVE");
            Run("COMMIT");
        }
    }

    private void AddItems(string responseId, IReadOnlyList<string> itemIds)
    {
        foreach (var itemId in itemIds)
        {
            using var insert = Command("INSERT OR IGNORE INTO items (id, response_id) VALUES ($id, $response)", ("$id", itemId), ("$response", responseId));
            insert.ExecuteNonQuery();
        }
    }

    private long Scalar(string sql)
    {
        using var command = Command(sql);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private void Run(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }

    // Every text is one of the constants above; what comes from outside is a parameter.
    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
