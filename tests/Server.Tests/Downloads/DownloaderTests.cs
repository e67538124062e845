using System.Security.Cryptography;
using InferenceServer.Server.Downloads;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Server.Tests.Downloads;

public sealed class DownloaderTests : IAsyncLifetime
{
    private const int PartLength = 64 * 1024;

    // Not a multiple of anything.
    private const int ContentLength = (10 * PartLength) + 123;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("downloader-");
    private readonly DownloadProgress _progress = new();
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(ContentLength);
    private readonly DownloadOptions _options = new() { PartLength = PartLength, FirstDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(20) };
    private FileServer _server = null!;

    private string Target => Path.Combine(_folder.FullName, "owner", "repository", "file.gguf");

    private string Part => Target + ".part";

    private string State => Target + ".part.json";

    public async Task InitializeAsync() => _server = await FileServer.StartAsync(_content);

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Run_GoodServer_FetchesPartsOverSeveralConnections()
    {
        var atOnce = 0;
        var all = new TaskCompletionSource();
        _server.Handle = async (context, number) =>
        {
            if (number == 1 + _options.Connections)
            {
                // One too many would come now.
                await Task.Delay(20);
                atOnce = _server.Requests.Count - 1;
                all.SetResult();
            }

            // The first asks what there is; those for parts wait for each other.
            if (number > 1)
            {
                await all.Task;
            }

            await _server.SendAsync(context);
        };

        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);

        AssertWhole();
        Assert.Equal(_options.Connections, atOnce);
        Assert.Equal(ContentLength, _progress.NumDone);
        Assert.Equal(ContentLength + 1, _server.NumBytes);
    }

    [Fact]
    public async Task Run_FileThatIsThere_FetchesNothing()
    {
        await RunAsync();
        var before = _server.NumBytes;

        Assert.Equal(DownloadStatus.AlreadyThere, (await RunAsync()).Status);
        Assert.Equal(before + 1, _server.NumBytes);
    }

    [Fact]
    public async Task Run_FileOfAnotherLengthIsThere_ReplacesIt()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        await File.WriteAllTextAsync(Target, "old");

        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
        AssertWhole();
    }

    [Fact]
    public async Task Run_EveryConnectionBreaks_GoesOnWhereItBroke()
    {
        _server.Handle = (context, _) => _server.SendAsync(context, breakAfter: PartLength / 3);

        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);

        AssertWhole();

        // What was on its way when a connection broke may be lost, more not.
        Assert.InRange(_server.NumBytes, ContentLength, 2 * ContentLength);
    }

    [Fact]
    public async Task Run_StoppedAndBegunAgain_FetchesOnlyWhatIsMissing()
    {
        using var stopping = new CancellationTokenSource();
        _server.Handle = async (context, number) =>
        {
            if (number == 6)
            {
                await stopping.CancelAsync();
            }

            await _server.SendAsync(context);
        };
        var stopped = await RunAsync(cancellationToken: stopping.Token);
        Assert.Equal(DownloadStatus.Cancelled, stopped.Status);
        Assert.False(File.Exists(Target));
        var (done, length) = PartialFile.ReadProgress(Part)!.Value;
        Assert.Equal(ContentLength, length);
        Assert.InRange(done, 1, ContentLength - 1);

        // On another server: this one may still be sending to who went away.
        await _server.DisposeAsync();
        _server = await FileServer.StartAsync(_content);
        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);

        AssertWhole();
        Assert.Equal(ContentLength - done + 1, _server.NumBytes);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"Length":655483,"Version":"\u0022version 1\u0022","PartLength":65536,"Done":[1]}""")]
    [InlineData("""{"Length":655483,"Version":"\u0022version 1\u0022","PartLength":65536,"Done":[65536,65537,0,0,0,0,0,0,0,0,0]}""")]
    [InlineData("""{"Length":655483,"Version":"another","PartLength":65536,"Done":[65536,0,0,0,0,0,0,0,0,0,0]}""")]
    [InlineData(null)]
    public async Task Run_StateThatDoesNotFit_BeginsAnew(string? state)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        await File.WriteAllBytesAsync(Part, new byte[ContentLength]);
        if (state is not null)
        {
            await File.WriteAllTextAsync(State, state);
        }

        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
        AssertWhole();
    }

    [Fact]
    public async Task Run_RedirectToAnotherServer_SendsTheTokenToTheHubOnly()
    {
        await using var storage = await FileServer.StartAsync(_content);
        _server.Handle = (context, _) =>
        {
            context.Response.Redirect(new Uri(storage.Address, "/signed?key=1").AbsoluteUri);
            return Task.CompletedTask;
        };

        Assert.Equal(DownloadStatus.Done, (await RunAsync(token: "secret")).Status);

        AssertWhole();
        Assert.All(_server.Requests, request => Assert.Equal("Bearer secret", request.Authorization));
        Assert.NotEmpty(storage.Requests);
        Assert.All(storage.Requests, request => Assert.Null(request.Authorization));
    }

    [Fact]
    public async Task Run_SourceOutsideTheHub_GetsNoToken()
    {
        var hub = new HuggingFace(new Uri("http://127.0.0.1:1"), "secret");
        using var downloader = new Downloader(hub, _options, TimeProvider.System);
        var source = ModelSource.Parse(new Uri(_server.Address, "/file.gguf").AbsoluteUri, hub, out _)!;

        var result = await downloader.RunAsync(source, Target, null, _progress, CancellationToken.None);

        Assert.Equal(DownloadStatus.Done, result.Status);
        Assert.All(_server.Requests, request => Assert.Null(request.Authorization));
    }

    [Theory]
    [InlineData("/again")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example")]
    public async Task Run_RedirectThatLeadsNowhere_Fails(string location)
    {
        _server.Handle = (context, _) =>
        {
            context.Response.Redirect(location);
            return Task.CompletedTask;
        };
        var result = await RunAsync();
        Assert.Equal(DownloadStatus.Failed, result.Status);
        Assert.Contains("redirects", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_HubTellsTheRightHash_IsChecked()
    {
        _server.Handle = SendWithHash(Hash(_content));
        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
        Assert.Equal(ContentLength, _progress.NumChecked);
    }

    [Fact]
    public async Task Run_HubTellsAnotherHash_DeletesWhatArrived()
    {
        _server.Handle = SendWithHash(Hash([1, 2, 3]));
        var result = await RunAsync();
        Assert.Equal(DownloadStatus.WrongContent, result.Status);
        Assert.Contains(Hash(_content), result.Message, StringComparison.Ordinal);
        AssertNothing();
    }

    [Fact]
    public async Task Run_GitHashInsteadOfSha256_IsNoHash()
    {
        _server.Handle = SendWithHash("6878af60d00ab587c1cceadfc532ef5dd86bf2f5");
        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
        Assert.Equal(0, _progress.NumChecked);
    }

    [Fact]
    public async Task Run_GivenHash_Decides()
    {
        Assert.Equal(DownloadStatus.WrongContent, (await RunAsync(sha256: Hash([1]))).Status);
        AssertNothing();
        Assert.Equal(DownloadStatus.Done, (await RunAsync(sha256: Hash(_content).ToUpperInvariant())).Status);
        AssertWhole();
    }

    [Fact]
    public async Task Run_GivenHashAgainstTheHubs_FetchesNothing()
    {
        _server.Handle = SendWithHash(Hash(_content));
        Assert.Equal(DownloadStatus.WrongContent, (await RunAsync(sha256: Hash([1]))).Status);
        Assert.Equal(1, _server.NumBytes);
    }

    [Fact]
    public async Task Run_ServerClaimsMoreBytesThanItHas_IsWrongContent()
    {
        _server.Handle = (context, _) => _server.SendAsync(context, total: ContentLength + PartLength);
        Assert.Equal(DownloadStatus.WrongContent, (await RunAsync()).Status);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task Run_ServerClaimsFewerBytesThanItHas_IsNoticedByTheHash()
    {
        _server.Handle = (context, _) =>
        {
            context.Response.Headers["X-Linked-Etag"] = $"\"{Hash(_content)}\"";
            return _server.SendAsync(context, total: ContentLength - 1);
        };
        Assert.Equal(DownloadStatus.WrongContent, (await RunAsync()).Status);
        AssertNothing();
    }

    [Fact]
    public async Task Run_LengthChangesMeanwhile_IsWrongContent()
    {
        _server.Handle = (context, number) => _server.SendAsync(context, total: number > 4 ? ContentLength + 1 : ContentLength);
        var result = await RunAsync();
        Assert.Equal(DownloadStatus.WrongContent, result.Status);
        Assert.Contains("changed", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ServerSendsMoreThanAskedFor_TakesWhatWasAskedFor()
    {
        _server.Handle = async (context, number) =>
        {
            var (from, to) = _server.RangeOf(context)!.Value;
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = $"bytes {from}-{to}/{ContentLength}";
            await _server.WriteAsync(context, from, ContentLength - from);
        };
        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
        AssertWhole();
    }

    [Fact]
    public async Task Run_ServerWithoutRanges_FetchesTheWhole()
    {
        _server.Handle = IgnoreRanges(_ => null);
        Assert.Equal(DownloadStatus.Done, (await RunAsync(sha256: Hash(_content))).Status);
        AssertWhole();
    }

    [Fact]
    public async Task Run_ServerWithoutRangesBreaks_BeginsAnew()
    {
        _server.Handle = IgnoreRanges(number => number is 2 or 3 ? ContentLength / 2 : null);
        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
        AssertWhole();
        Assert.Equal(ContentLength, _progress.NumDone);
    }

    [Fact]
    public async Task Run_ServerWithoutRangesAlwaysBreaks_Fails()
    {
        _server.Handle = IgnoreRanges(_ => ContentLength / 2);
        Assert.Equal(DownloadStatus.Failed, (await RunAsync()).Status);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task Run_ServerWithoutLength_FetchesTheWhole()
    {
        _server.Handle = (context, _) => _server.WriteAsync(context, 0, ContentLength);
        Assert.Equal(DownloadStatus.Done, (await RunAsync(sha256: Hash(_content))).Status);
        AssertWhole();
    }

    [Fact]
    public async Task Run_EmptyFile_IsFetched()
    {
        _server.Content = [];
        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
        Assert.Empty(await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task Run_ServerForgetsRanges_GivesUpAndKeepsWhatArrived()
    {
        _server.Handle = async (context, number) =>
        {
            if (number < 4)
            {
                await _server.SendAsync(context);
                return;
            }

            await TestApp.UntilAsync(() => _progress.NumDone > 0);
            await IgnoreRanges(_ => null)(context, number);
        };
        var result = await RunAsync();
        Assert.Equal(DownloadStatus.Failed, result.Status);
        Assert.True(PartialFile.ReadProgress(Part)!.Value.Done > 0);
        Assert.False(File.Exists(Target));
    }

    [Theory]
    [InlineData(StatusCodes.Status429TooManyRequests)]
    [InlineData(StatusCodes.Status500InternalServerError)]
    [InlineData(StatusCodes.Status503ServiceUnavailable)]
    public async Task Run_ServerFailsNowAndThen_AsksAgain(int status)
    {
        _server.Handle = (context, number) => number % 2 == 1 ? FileServer.FailAsync(context, status, retryAfter: 0) : _server.SendAsync(context);
        Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
        AssertWhole();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task Run_ServerFailsForGood_GivesUp(int goodRequests)
    {
        _server.Handle = (context, number) => number <= goodRequests ? _server.SendAsync(context) : FileServer.FailAsync(context, StatusCodes.Status500InternalServerError);
        var result = await RunAsync();
        Assert.Equal(DownloadStatus.Failed, result.Status);
        Assert.Contains("500", result.Message, StringComparison.Ordinal);

        // The bytes of a good request may arrive late, and forgive what failed before them.
        Assert.InRange(_server.Requests.Count, _options.MaxFailures, goodRequests + ((goodRequests + 1) * _options.MaxFailures * _options.Connections));
    }

    [Theory]
    [InlineData(StatusCodes.Status404NotFound, null, (int)DownloadStatus.NotFound, "does not exist")]
    [InlineData(StatusCodes.Status401Unauthorized, null, (int)DownloadStatus.Refused, "Set HF_TOKEN")]
    [InlineData(StatusCodes.Status403Forbidden, "secret", (int)DownloadStatus.Refused, "terms")]
    [InlineData(StatusCodes.Status400BadRequest, null, (int)DownloadStatus.Failed, "400")]
    public async Task Run_ServerRefuses_SaysWhy(int status, string? token, int expected, string part)
    {
        _server.Handle = (context, _) => FileServer.FailAsync(context, status);
        var result = await RunAsync(token: token);
        Assert.Equal((DownloadStatus)expected, result.Status);
        Assert.Contains(part, result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Message, StringComparison.Ordinal);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Run_NobodyListens_Fails()
    {
        await _server.StopAsync();
        Assert.Equal(DownloadStatus.Failed, (await RunAsync()).Status);
    }

    [Fact]
    public async Task Run_ServerFallsSilent_AsksAgain()
    {
        _server.Handle = async (context, number) =>
        {
            if (number is 1 or 4)
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            await _server.SendAsync(context);
        };
        Assert.Equal(DownloadStatus.Done, (await RunAsync(_options with { Silence = TimeSpan.FromMilliseconds(300) })).Status);
        AssertWhole();
    }

    [Fact]
    public async Task Run_FileThatIsDownloadedAlready_IsInUse()
    {
        var arrived = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        _server.Handle = async (context, number) =>
        {
            if (number == 2)
            {
                arrived.SetResult();
                await goOn.Task;
            }

            await _server.SendAsync(context);
        };
        var first = RunAsync();
        await arrived.Task;
        Assert.Equal(DownloadStatus.InUse, (await RunAsync()).Status);
        goOn.SetResult();
        Assert.Equal(DownloadStatus.Done, (await first).Status);
        AssertWhole();
    }

    [Fact]
    public async Task Run_MoreThanTheDiskHolds_IsNoSpace()
    {
        _server.Handle = (context, _) => _server.SendAsync(context, total: 1L << 60);
        var result = await RunAsync();
        Assert.Equal(DownloadStatus.NoSpace, result.Status);
        Assert.Contains("free", result.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Run_DiskFillsUpMeanwhile_KeepsWhatArrivedAndGoesOnLater()
    {
        var disk = Directory.CreateDirectory(Path.GetDirectoryName(Target)!).FullName;
        Skip.IfNot(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk), "No right to mount a small disk.");
        try
        {
            var filler = Path.Combine(disk, "filler");
            _server.Handle = async (context, number) =>
            {
                if (number == 5)
                {
                    await using var file = File.Create(filler);
                    await file.WriteAsync(new byte[512 * 1024]);
                }

                await _server.SendAsync(context);
            };
            var result = await RunAsync(_options with { Connections = 1 });
            Assert.Equal(DownloadStatus.NoSpace, result.Status);
            Assert.Contains("full", result.Message, StringComparison.Ordinal);
            Assert.True(File.Exists(Part));

            File.Delete(filler);
            Assert.Equal(DownloadStatus.Done, (await RunAsync()).Status);
            AssertWhole();
        }
        finally
        {
            Run("umount", disk);
        }

        static bool Run(string program, params string[] args)
        {
            try
            {
                using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, args) { RedirectStandardError = true })!;
                process.WaitForExit();
                return process.ExitCode == 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task Run_FolderThatCannotBe_IsNotWritable()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "owner"), "a file where a folder should be");
        Assert.Equal(DownloadStatus.NotWritable, (await RunAsync()).Status);
    }

    [Fact]
    public async Task Run_AnyMixOfFaults_GivesTheFileOrAnOutcome()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            _server.Handle = (context, _) =>
            {
                int dice, length;
                lock (random)
                {
                    (dice, length) = (random.Next(8), random.Next(PartLength));
                }

                return dice switch
                {
                    0 => FileServer.FailAsync(context, StatusCodes.Status503ServiceUnavailable),
                    1 => _server.SendAsync(context, breakAfter: length),
                    2 => IgnoreRanges(_ => length)(context, 0),
                    3 => Abort(context),
                    _ => _server.SendAsync(context),
                };
            };
            var result = await RunAsync(sha256: Hash(_content));
            if (result.Status == DownloadStatus.Done)
            {
                AssertWhole();
                File.Delete(Target);
            }
            else
            {
                Assert.Equal(DownloadStatus.Failed, result.Status);
            }
        }

        static Task Abort(HttpContext context)
        {
            context.Abort();
            return Task.CompletedTask;
        }
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private Func<HttpContext, int, Task> SendWithHash(string hash) => (context, _) =>
    {
        context.Response.Headers["X-Linked-Etag"] = $"\"{hash}\"";
        return _server.SendAsync(context);
    };

    private Func<HttpContext, int, Task> IgnoreRanges(Func<int, long?> breakAfter) => async (context, number) =>
    {
        context.Response.ContentLength = ContentLength;
        await _server.WriteAsync(context, 0, ContentLength, breakAfter(number));
    };

    private async Task<DownloadResult> RunAsync(
        DownloadOptions? options = null, string? token = null, string? sha256 = null, CancellationToken cancellationToken = default)
    {
        var hub = new HuggingFace(_server.Address, token);
        using var downloader = new Downloader(hub, options ?? _options, TimeProvider.System);
        var source = ModelSource.Parse("hf:owner/repository/file.gguf", hub, out var error);
        Assert.Null(error);
        return await downloader.RunAsync(source!, Target, sha256, _progress, cancellationToken).WaitAsync(TestApp.Patience, CancellationToken.None);
    }

    private void AssertWhole()
    {
        Assert.Equal(_content, File.ReadAllBytes(Target));
        Assert.False(File.Exists(Part));
        Assert.False(File.Exists(State));
    }

    private void AssertNothing()
    {
        Assert.False(File.Exists(Target));
        Assert.False(File.Exists(Part));
        Assert.False(File.Exists(State));
    }
}
