using InferenceServer.Server.Access;
using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Tests.Commands;

/// <summary><c>keys</c>, as people call it.</summary>
public sealed class KeysCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keys-");

    private string Keys => Path.Combine(_folder.FullName, "keys");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Key_Added_IsPrintedOnceListedByNameAndRemoved()
    {
        var (code, output, errors) = await RunAsync("keys", "add", "laptop", "--class", "flex", "--requests-per-minute", "60", "--tokens-per-day", "500000");
        Assert.Equal(ExitCode.Ok, code);
        var key = output.TrimEnd('\n');
        Assert.Matches("^sk-[A-Za-z0-9]{43}$", key);
        Assert.DoesNotContain(key, errors, StringComparison.Ordinal);
        Assert.DoesNotContain(key, await File.ReadAllTextAsync(Keys), StringComparison.Ordinal);
        var stored = Assert.Single(KeyFile.Read(Keys, []));
        Assert.True(stored.Digest.Span.SequenceEqual(ApiKey.DigestOf(key)));
        Assert.Equal(new ClientLimits { RequestsPerMinute = 60, TokensPerDay = 500_000 }, stored.Limits);

        (code, output, _) = await RunAsync("keys", "list");
        Assert.Equal(ExitCode.Ok, code);
        Assert.Matches("laptop +flex +60 +500,000", output);

        (code, _, errors) = await RunAsync("keys", "add", "laptop");
        Assert.Equal(ExitCode.BadOptions, code);
        Assert.Contains("already", errors, StringComparison.Ordinal);

        Assert.Equal(ExitCode.Ok, (await RunAsync("keys", "remove", "laptop")).Code);
        Assert.Empty(KeyFile.Read(Keys, []));
        Assert.Equal(ExitCode.BadOptions, (await RunAsync("keys", "remove", "laptop")).Code);
    }

    [Theory]
    [InlineData("add")]
    [InlineData("add", "a b")]
    [InlineData("add", "laptop", "--class", "urgent")]
    [InlineData("add", "laptop", "--concurrency", "-1")]
    [InlineData("add", "laptop", "--stdin")]
    [InlineData("remove", "laptop")]
    public async Task Options_Wrong_ChangeNothingAndAreToldInALineEach(params string[] args)
    {
        var (code, _, errors) = await RunAsync(["keys", .. args]);
        Assert.Equal(ExitCode.BadOptions, code);
        Assert.DoesNotContain('\t', errors);
        Assert.False(File.Exists(Keys));
    }

    [Fact]
    public async Task File_NamedNowhere_IsAskedFor()
    {
        var (code, _, errors) = await CommandProcess.RunAsync([], "keys", "list");
        Assert.Equal(ExitCode.BadOptions, code);
        Assert.Contains("--api-key-file", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_ThatCannotBeWritten_IsNamed()
    {
        await File.WriteAllTextAsync(Keys, "");
        var (code, _, errors) = await CommandProcess.RunAsync([("Server__ApiKeyFile", Path.Combine(Keys, "below-a-file"))], "keys", "add", "laptop");
        Assert.Equal(ExitCode.NotWritable, code);
        Assert.Contains("below-a-file", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models")]
    [InlineData("pull")]
    [InlineData("plan")]
    public async Task OtherCommands_WithAKeyFileThatCannotBeRead_DoNotCare(string command)
    {
        var (code, _, errors) = await CommandProcess.RunAsync([("Server__ApiKeyFile", "/no/such/file"), ("Server__ModelFolder", _folder.FullName)], command);
        Assert.Equal((ExitCode.Ok, ""), (code, errors));
    }

    private Task<(ExitCode Code, string Output, string Errors)> RunAsync(params string[] args) => CommandProcess.RunAsync([("Server__ApiKeyFile", Keys)], args);
}
