using System.Security.Cryptography;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Tests.Downloads;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Server.Tests.Commands;

/// <summary><c>plan</c>, <c>pull</c> and <c>models</c> as an operator runs them, against a hub of our own.</summary>
public sealed class ModelCommandsTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("model-commands-");
    private readonly byte[] _model = TinyModel.Create(new TinyModelOptions { Name = "Tiny" }).ToArray();
    private FileServer _hub = null!;

    public async Task InitializeAsync() => _hub = await FileServer.StartAsync(_model);

    public async Task DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private string Target => Path.Combine(_folder.FullName, "owner", "repo", "tiny.gguf");

    [Fact]
    public async Task Pull_ThenModelsPlanAndModelOption_KnowItByName()
    {
        _hub.Handle = (context, _) =>
        {
            context.Response.Headers["X-Linked-Etag"] = $"\"{Convert.ToHexStringLower(SHA256.HashData(_model))}\"";
            return _hub.SendAsync(context);
        };
        var pulled = await RunAsync("pull", "hf:owner/repo/tiny.gguf");
        Assert.Equal((ExitCode.Ok, ""), (pulled.Code, pulled.Errors));
        Assert.Equal(_model, await File.ReadAllBytesAsync(Target));
        Assert.Contains("checking its SHA-256", pulled.Output, StringComparison.Ordinal);
        Assert.EndsWith($"{Target}\n", pulled.Output, StringComparison.Ordinal);
        Assert.All(_hub.Requests, request => Assert.Equal(("/owner/repo/resolve/main/tiny.gguf", "Bearer secret"), (request.Path, request.Authorization)));

        Assert.Contains("was there already", (await RunAsync("pull", "hf:owner/repo/tiny.gguf")).Output, StringComparison.Ordinal);
        Assert.Matches(@"tiny .*complete .*tiny\.gguf", (await RunAsync("models")).Output);

        var plan = await RunAsync("plan", "tiny", "--machine", "M4 Max 128");
        Assert.Equal((ExitCode.Ok, ""), (plan.Code, plan.Errors));
        Assert.Contains("Tiny: llama", plan.Output, StringComparison.Ordinal);

        // Far enough to see that the name was understood.
        var served = await RunAsync("--model", "tiny", "--chat-template", "/no/such/template");
        Assert.Equal(ExitCode.BadModel, served.Code);
        Assert.Contains("/no/such/template", served.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_Shards_FetchesThemAll()
    {
        var source = Directory.CreateTempSubdirectory();
        try
        {
            var shards = TinyModel.Create(new TinyModelOptions()).WriteShards(source.FullName, "big", 3);
            _hub.Handle = (context, _) =>
            {
                _hub.Content = File.ReadAllBytes(Path.Combine(source.FullName, Path.GetFileName(context.Request.Path.Value!)));
                return _hub.SendAsync(context);
            };

            Assert.Equal(ExitCode.Ok, (await RunAsync("pull", "hf:owner/repo/big-00002-of-00003.gguf", "--connections", "1")).Code);

            Assert.All(shards, shard => Assert.Equal(File.ReadAllBytes(shard), File.ReadAllBytes(Path.Combine(_folder.FullName, "owner", "repo", Path.GetFileName(shard)))));
            Assert.Matches(@"big .*complete .*big-00001-of-00003\.gguf", (await RunAsync("models")).Output);
        }
        finally
        {
            source.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Pull_Interrupted_EndsAsDocumentedAndGoesOnLater()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no kill.");
        var arrived = new TaskCompletionSource();
        _hub.Handle = async (context, number) =>
        {
            if (number > 1)
            {
                // Half of it arrives, then nothing.
                var (from, to) = _hub.RangeOf(context)!.Value;
                context.Response.StatusCode = StatusCodes.Status206PartialContent;
                context.Response.ContentLength = to - from + 1;
                context.Response.Headers.ContentRange = $"bytes {from}-{to}/{_model.Length}";
                await _hub.WriteAsync(context, from, _model.Length / 2);
                await context.Response.Body.FlushAsync();
                arrived.TrySetResult();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            await _hub.SendAsync(context);
        };
        await using var process = CommandProcess.Start(Environment(), "pull", "hf:owner/repo/tiny.gguf");
        await arrived.Task.WaitAsync(TestApp.Patience);

        // What was sent may not have been written yet; what is shown has been.
        await process.WaitForOutputAsync("tiny.gguf: [1-9][0-9]* %");
        process.Interrupt();

        var (code, _, errors) = await process.WaitAsync();
        Assert.Equal(ExitCode.Interrupted, code);
        Assert.Contains("goes on from there", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Target));
        Assert.Matches("tiny .*partial, [1-9]", (await RunAsync("models")).Output);

        _hub.Handle = (context, _) => _hub.SendAsync(context);
        var before = _hub.NumBytes;
        Assert.Equal(ExitCode.Ok, (await RunAsync("pull", "hf:owner/repo/tiny.gguf")).Code);
        Assert.Equal(_model, await File.ReadAllBytesAsync(Target));
        Assert.True(_hub.NumBytes - before < _model.Length, "It began anew.");
    }

    [Theory]
    [InlineData(404, (int)ExitCode.DownloadFailed)]
    [InlineData(403, (int)ExitCode.DownloadFailed)]
    public async Task Pull_ServerRefuses_EndsWithOneLine(int status, int code)
    {
        _hub.Handle = (context, _) => FileServer.FailAsync(context, status);
        var result = await RunAsync("pull", "hf:owner/repo/tiny.gguf");
        Assert.Equal((ExitCode)code, result.Code);
        Assert.StartsWith("error: ", Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_WrongContent_EndsAsDocumented()
    {
        Assert.Equal(ExitCode.WrongContent, (await RunAsync("pull", "hf:owner/repo/tiny.gguf", "--sha256", new string('0', 64))).Code);

        // A web page in place of a model, and no hash to tell.
        _hub.Content = "<html>log in first</html>"u8.ToArray();
        var page = await RunAsync("pull", "hf:owner/repo/tiny.gguf");
        Assert.Equal(ExitCode.WrongContent, page.Code);
        Assert.Contains("web page", page.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_SameFileTwice_TheSecondEndsAsDocumented()
    {
        var (arrived, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _hub.Handle = async (context, number) =>
        {
            if (number == 2)
            {
                arrived.SetResult();
                await goOn.Task;
            }

            await _hub.SendAsync(context);
        };
        await using var first = CommandProcess.Start(Environment(), "pull", "hf:owner/repo/tiny.gguf");
        await arrived.Task.WaitAsync(TestApp.Patience);
        Assert.Equal(ExitCode.InUse, (await RunAsync("pull", "hf:owner/repo/tiny.gguf")).Code);
        goOn.SetResult();
        Assert.Equal(ExitCode.Ok, (await first.WaitAsync()).Code);
        Assert.Equal(_model, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task Pull_FolderThatCannotBeWritten_EndsAsDocumented()
    {
        var file = Path.Combine(_folder.FullName, "file");
        await File.WriteAllTextAsync(file, "no folder");
        Assert.Equal(ExitCode.NotWritable, (await RunAsync("pull", "hf:owner/repo/tiny.gguf", "--model-folder", file)).Code);
    }

    [Fact]
    public async Task Pull_LargerThanTheDisk_EndsAsDocumented()
    {
        _hub.Handle = (context, _) => _hub.SendAsync(context, total: 1L << 60);
        Assert.Equal(ExitCode.NoSpace, (await RunAsync("pull", "hf:owner/repo/tiny.gguf")).Code);
    }

    [Theory]
    [InlineData("pull")]
    [InlineData("models", "--catalogue")]
    public async Task Catalogue_AskedFor_ListsModels(params string[] args)
    {
        var (code, output, _) = await RunAsync(args);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("llama-3.3-70b", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pull", "no-such-model")]
    [InlineData("pull", "hf:owner/repo")]
    [InlineData("pull", "hf:owner/repo/tiny.gguf", "--sha256", "abc")]
    [InlineData("pull", "hf:owner/repo/m-00001-of-00002.gguf", "--sha256", "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("pull", "hf:owner/repo/tiny.gguf", "--connections", "0")]
    [InlineData("plan", "hf:owner/repo/tiny.gguf", "--machine", "Z80 64")]
    [InlineData("plan", "hf:owner/repo/tiny.gguf", "--context", "1")]
    [InlineData("plan", "hf:owner/repo/tiny.gguf", "--tokens", "1")]
    [InlineData("models", "stray")]
    public async Task Options_Malformed_EndAsDocumented(params string[] args) => Assert.Equal(ExitCode.BadOptions, (await RunAsync(args)).Code);

    [Fact]
    public async Task Plan_ModelOnTheHub_ReadsItsHeaderOnly()
    {
        var path = Path.Combine(_folder.FullName, "hollow.gguf");
        HollowModel.Llama70B().WriteTo(path);
        await using var file = File.OpenRead(path);
        var sent = 0L;
        _hub.Handle = async (context, _) =>
        {
            var range = context.Request.GetTypedHeaders().Range!.Ranges.Single();
            var bytes = new byte[Math.Min(range.To!.Value, file.Length - 1) - range.From!.Value + 1];
            file.Position = range.From.Value;
            await file.ReadExactlyAsync(bytes);
            sent += bytes.Length;
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = $"bytes {range.From}-{range.To}/{file.Length}";
            await context.Response.Body.WriteAsync(bytes);
        };

        var (code, output, errors) = await RunAsync("plan", "hf:owner/repo/hollow.gguf", "--machine", "M4 Max 128");

        Assert.Equal((ExitCode.Ok, ""), (code, errors));
        Assert.Contains("70.6 billion weights", output, StringComparison.Ordinal);
        Assert.InRange(sent, 1, 10 << 20);
        Assert.Equal(ExitCode.DoesNotFit, (await RunAsync("plan", "hf:owner/repo/hollow.gguf", "--machine", "M4 Pro 24")).Code);
    }

    [Fact]
    public async Task Plan_NothingNamed_IsOfTheModelThatWouldBeServed()
    {
        var (code, output, errors) = await RunAsync("plan");
        Assert.Equal((ExitCode.Ok, ""), (code, errors));
        Assert.Contains("Q4_1", output, StringComparison.Ordinal);
        Assert.Contains("measured", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_InASmallContainer_MeasuresItsMemoryWithinIt()
    {
        // What the runtime makes of a control group's limit: 256 MiB.
        await using var process = CommandProcess.Start([.. Environment(), ("DOTNET_GCHeapHardLimit", "0x10000000")], "plan");
        var (code, output, errors) = await process.WaitAsync();
        Assert.Equal((ExitCode.Ok, ""), (code, errors));
        Assert.Contains("measured", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_ModelThatWouldSwap_IsRefusedUnlessForced()
    {
        var path = Path.Combine(_folder.FullName, "hollow.gguf");
        HollowModel.Qwen3Moe30B().WriteTo(path);

        // More cells than any machine that runs tests has memory for.
        var refused = await RunAsync("--model", path, "--context", "16777216");
        Assert.Equal(ExitCode.DoesNotFit, refused.Code);
        Assert.Contains("--context", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--force", refused.Errors, StringComparison.Ordinal);

        // Forced, it gets as far as the next mistake.
        Assert.Equal(ExitCode.CannotListen, (await RunAsync("--model", path, "--context", "16777216", "--force", "--host", "203.0.113.1", "--insecure")).Code);
    }

    private Task<(ExitCode Code, string Output, string Errors)> RunAsync(params string[] args) => CommandProcess.RunAsync(Environment(), args);

    private (string, string)[] Environment() =>
    [
        ("HF_ENDPOINT", _hub.Address.AbsoluteUri),
        ("HF_TOKEN", "secret"),
        ("Server__ModelFolder", _folder.FullName),
    ];
}
