using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Responses;
using InferenceServer.Server.Tests.Endpoints;
using InferenceServer.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Server.Tests.Responses;

public sealed class ResponseStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("response-store-test-");
    private readonly Lines _log = new();
    private readonly MovableClock _clock = new();

    private string File => Path.Combine(_folder.FullName, "store", "responses.db");

    public void Dispose()
    {
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    [SkippableFact]
    public async Task Files_OnUnix_AreTheOwnersAlone()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes.");
        using var store = Start();
        Assert.False(System.IO.File.Exists(File));
        await AddAsync(store, "resp_1");
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in Directory.GetFiles(Path.GetDirectoryName(File)!))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file));
            }

            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File)!));
        }
    }

    [Fact]
    public async Task Start_AfterACrash_MarksWhatRanAsFailed()
    {
        using (var store = Start())
        {
            await store.AddAsync(Response("resp_run", status: "in_progress", background: true));
            await store.AddAsync(Response("resp_wait", status: "queued", background: true));
            await AddAsync(store, "resp_done");
        }

        using var next = Start();
        foreach (var id in new[] { "resp_run", "resp_wait" })
        {
            var response = (await next.FindAsync(id)).Value!;
            var body = JsonDocument.Parse(response.Body).RootElement;
            Assert.Equal(("failed", "failed"), (response.Status, body.GetProperty("status").GetString()));
            Assert.Equal("server_error", body.GetProperty("error").GetProperty("code").GetString());
            Assert.Null((await next.FindEventsAsync(id)).Value);
        }

        Assert.Equal("completed", (await next.FindAsync("resp_done")).Value!.Status);
        Assert.Contains("2 background responses", Assert.Single(_log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Crash_UnderAStream_ItsReaderIsToldSo()
    {
        using (var store = Start())
        {
            await store.AddAsync(Response("resp_run", status: "in_progress", background: true));
        }

        await using var app = await TestApp.StartAsync(("Responses:Path", File));
        using var response = await app.Client.GetAsync("/v1/responses/resp_run?stream=true&starting_after=7");
        using var reader = new EventReader(response);
        var last = Assert.Single(await reader.RestAsync());
        Assert.Equal(("response.failed", 8), (ResponsesTests.TypeOf(last), ResponsesTests.NumberOf(last)));
        Assert.Equal("failed", last.GetProperty("response").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Retention_OfDays_DeletesWhatNothingHasGoneOnFrom()
    {
        using var store = Start(("Responses:RetentionDays", "10"));
        await AddAsync(store, "resp_old");
        await AddAsync(store, "resp_root");
        _clock.Now += TimeSpan.FromDays(9);
        await AddAsync(store, "resp_leaf", previous: "resp_root");
        _clock.Now += TimeSpan.FromDays(9);
        await AddAsync(store, "resp_new");
        Assert.Equal(StoreStatus.NotFound, (await store.FindAsync("resp_old")).Status);
        Assert.Equal(["resp_root", "resp_leaf"], (await store.FindConversationAsync("resp_leaf")).Value!.Select(response => response.Id));
        _clock.Now += TimeSpan.FromDays(2);
        await AddAsync(store, "resp_newer");
        Assert.Equal("resp_leaf", (await store.FindConversationAsync("resp_leaf")).MissingId);
    }

    [Fact]
    public async Task Retention_OfMegabytes_DeletesTheLeastRecentlyUsedAndShrinksTheFile()
    {
        using var store = Start(("Responses:MaxMegabytes", "1"));
        await AddAsync(store, "resp_root");
        for (var i = 0; i < 200; i++)
        {
            _clock.Now += TimeSpan.FromSeconds(1);
            Assert.Equal(StoreStatus.Ok, (await AddAsync(store, $"resp_{i}", previous: "resp_root", size: 20_000)).Status);
        }

        Assert.Equal(StoreStatus.NotFound, (await store.FindAsync("resp_0")).Status);
        Assert.Equal(2, (await store.FindConversationAsync("resp_199")).Value!.Count);
        store.Dispose();
        Assert.InRange(new FileInfo(File).Length, 100_000, 1_300_000);
    }

    [Fact]
    public async Task Disk_Full_FailsTheWriteAndNothingElse()
    {
        // The database may grow to twice its limit; beyond that SQLite says the same as of a full disk.
        using var store = Start(("Responses:MaxMegabytes", "1"));
        await AddAsync(store, "resp_1");
        Assert.Equal(StoreStatus.Unavailable, (await AddAsync(store, "resp_large", size: 3_000_000)).Status);
        Assert.Equal(StoreStatus.Unavailable, (await AddAsync(store, "resp_larger", size: 3_000_000)).Status);
        Assert.Equal(StoreStatus.Ok, (await store.FindAsync("resp_1")).Status);
        Assert.Contains("full", Assert.Single(_log.All), StringComparison.Ordinal);
        Assert.Equal(StoreStatus.Ok, (await AddAsync(store, "resp_2")).Status);
        Assert.Equal(2, _log.All.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task File_Damaged_IsPutAsideAndServingGoesOn(bool isWhole)
    {
        if (isWhole)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            await System.IO.File.WriteAllTextAsync(File, new string('x', 10_000));
        }
        else
        {
            using (var first = Start())
            {
                for (var i = 0; i < 50; i++)
                {
                    await AddAsync(first, $"resp_{i}", size: 5000);
                }
            }

            using var file = new FileStream(File, FileMode.Open, FileAccess.Write);
            file.Position = 4096;
            file.Write(new byte[(int)file.Length - 4096]);
        }

        using var store = Start();
        await AddAsync(store, "resp_a");
        Assert.Equal(StoreStatus.Ok, (await AddAsync(store, "resp_b")).Status);
        Assert.Equal(StoreStatus.Ok, (await store.FindAsync("resp_b")).Status);
        Assert.Contains("put aside", Assert.Single(_log.All), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(File)!, "*.damaged-*"));
    }

    [Fact]
    public async Task File_OfAnotherProcess_IsLeftAloneUntilItIsFree()
    {
        using var owner = Start();
        await owner.AddAsync(Response("resp_run", status: "in_progress", background: true));
        using var store = Start();
        Assert.Equal(StoreStatus.Unavailable, (await store.FindAsync("resp_run")).Status);
        Assert.Contains("another process", Assert.Single(_log.All), StringComparison.Ordinal);
        Assert.Equal("in_progress", (await owner.FindAsync("resp_run")).Value!.Status);
        owner.Dispose();
        Assert.Equal(StoreStatus.Unavailable, (await store.FindAsync("resp_run")).Status);
        _clock.Now += TimeSpan.FromMinutes(1);
        Assert.Equal("failed", (await store.FindAsync("resp_run")).Value!.Status);
    }

    [Fact]
    public async Task File_OfALaterVersion_IsNotTouched()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }

        using var store = Start();
        Assert.Equal(StoreStatus.Unavailable, (await AddAsync(store, "resp_1")).Status);
        Assert.Contains("version 99", Assert.Single(_log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_WithoutAUsableFile_AnswersAndSaysWhatItCannot()
    {
        // A file where a folder should be.
        await System.IO.File.WriteAllTextAsync(Path.Combine(_folder.FullName, "store"), "");
        await using var app = await TestApp.StartAsync(new FakeEngine(), new FixedClock(), _log, ("Responses:Path", File));
        var response = await ResponsesTests.CreateAsync(app, """{"input":"Where?"}""");
        Assert.Equal("completed", response.GetProperty("status").GetString());
        using var missing = await app.Client.GetAsync($"/v1/responses/{ResponsesTests.IdOf(response)}");
        await RequestBodyTests.AssertErrorAsync(missing, HttpStatusCode.ServiceUnavailable);
        using var next = await app.PostAsync("/v1/responses", $$"""{"input":"x","previous_response_id":"{{ResponsesTests.IdOf(response)}}"}""");
        await RequestBodyTests.AssertErrorAsync(next, HttpStatusCode.ServiceUnavailable);
        using var background = await app.PostAsync("/v1/responses", """{"input":"x","background":true}""");
        await RequestBodyTests.AssertErrorAsync(background, HttpStatusCode.ServiceUnavailable);
        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
        Assert.Single(_log.All, line => line.Contains("cannot be kept", StringComparison.Ordinal));
    }

    [Fact]
    public void Settings_OfSection_AreChecked()
    {
        SettingsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Responses:RetentionDays"] = "0",
                ["Responses:MaxMegabytes"] = "x",
                ["Responses:Path"] = _folder.FullName,
                ["Responses:Retention"] = "5",
            }).Build(),
            out var errors);
        Assert.Equal(4, errors.Count);
        Assert.All(errors, error => Assert.Contains("Responses:", error, StringComparison.Ordinal));
    }

    private static StoredResponse Response(string id, string? previous = null, string status = "completed", bool background = false, int size = 10) => new()
    {
        Id = id,
        PreviousId = previous,
        Status = status,
        Background = background,
        Input = "[]"u8.ToArray(),
        Body = JsonSerializer.SerializeToUtf8Bytes(new { id, status, output = Array.Empty<string>(), filler = new string('x', size) }),
    };

    private static Task<StoreReply<object>> AddAsync(ResponseStore store, string id, string? previous = null, int size = 10) => store.AddAsync(Response(id, previous, size: size));

    private ResponseStore Start(params (string Key, string? Value)[] given)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Responses:Path"] = File })
            .AddInMemoryCollection(given.ToDictionary(setting => setting.Key, setting => setting.Value))
            .Build();
        var settings = SettingsReader.Read(configuration, out var errors);
        Assert.Empty(errors);
        var store = new ResponseStore(settings, _clock, new LoggerFactory([_log]).CreateLogger<ResponseStore>());
        Assert.True(store.StartAsync(CancellationToken.None).IsCompleted);
        return store;
    }

    private sealed class MovableClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = FixedClock.Now;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> All => [.. _lines];

        public ILogger CreateLogger(string categoryName) => categoryName == typeof(ResponseStore).FullName ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
