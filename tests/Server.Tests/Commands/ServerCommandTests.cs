using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Tests.Commands;

public sealed class ServerCommandTests
{
    [Fact]
    public async Task Options_AllGiven_BecomeSettings()
    {
        IReadOnlyDictionary<string, string?>? settings = null;
        var code = await ServerCommand.InvokeAsync(
            [
                "--model", "m.gguf", "--model-folder", "d", "--host", "localhost", "--port=9000", "--alias", "a,b", "--api-key", "k", "--api-key-file", "f", "--chat-template", "t.jinja",
                "--parallel", "2", "--threads", "3", "--gpu-layers", "4", "--device", "cpu", "--mlock", "--kv-type", "q8_0", "--context", "5", "--force", "--insecure",
            ],
            (given, _) =>
            {
                settings = given;
                return Task.CompletedTask;
            });
        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal(CommandLineOption.All.Select(option => option.Key).Order(), settings!.Keys.Order());
        Assert.Equal("m.gguf", settings["Inference:ModelPath"]);
        Assert.Equal("9000", settings["Server:Port"]);
        Assert.Equal("q8_0", settings["Inference:KvCacheType"]);
        Assert.Equal("True", settings["Inference:MLock"]);
        Assert.Equal("True", settings["Server:Insecure"]);
    }

    [Fact]
    public async Task Options_NotGiven_LeaveSettingsAlone()
    {
        IReadOnlyDictionary<string, string?>? settings = null;
        await ServerCommand.InvokeAsync([], (given, _) => Task.FromResult(settings = given));
        Assert.Empty(settings!);
    }

    [Theory]
    [InlineData("--prot", "1")]
    [InlineData("--port")]
    [InlineData("stray")]
    public async Task Options_Malformed_EndWithBadOptions(params string[] args)
    {
        var code = await ServerCommand.InvokeAsync(args, (_, _) => throw new InvalidOperationException("must not run"));
        Assert.Equal(ExitCode.BadOptions, code);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    public async Task Information_AskedFor_DoesNotRunTheServer(string option)
    {
        var code = await ServerCommand.InvokeAsync([option], (_, _) => throw new InvalidOperationException("must not run"));
        Assert.Equal(ExitCode.Ok, code);
    }

    [Fact]
    public async Task Startup_Refused_EndsWithItsExitCode()
    {
        var code = await ServerCommand.InvokeAsync([], (_, _) => throw new StartupException(ExitCode.BadModel, "no model"));
        Assert.Equal(ExitCode.BadModel, code);
    }

    [Fact]
    public void Options_OfTheCommandLine_AllNameRealSettings()
    {
        foreach (var option in CommandLineOption.All)
        {
            var (section, name) = (option.Key.Split(':')[0], option.Key.Split(':')[1]);
            var type = section == "Server" ? typeof(Server.Hosting.ServerOptions) : typeof(Inference.InferenceOptions);
            Assert.NotNull(type.GetProperty(name));
        }
    }
}
