using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using InferenceServer.Server.Commands;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Commands;

/// <summary>The real process, as far as it gets without an engine: every refusal is a few clear lines and an exit code.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Start_WithManyBadOptions_NamesThemAllAndEnds()
    {
        var (code, errors) = await RunAsync("--port", "70000", "--parallel", "0", "--kv-type", "f64", "--host", "0.0.0.0");
        Assert.Equal(ExitCode.BadOptions, code);
        Assert.Equal(4, errors.Length);
    }

    [Fact]
    public async Task Start_WithUnknownOption_Ends() =>
        Assert.Equal(ExitCode.BadOptions, (await RunAsync("--prot", "1")).Code);

    [Fact]
    public async Task Start_WithBrokenSettingsFile_Ends()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "appsettings.json"), "{ \"Server\": ");
            var (code, errors) = await RunInAsync(folder.FullName);
            Assert.Equal(ExitCode.BadOptions, code);
            Assert.Contains("appsettings.json", Assert.Single(errors), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Start_WithoutModelFile_Ends()
    {
        var (code, errors) = await RunAsync("--model", "no-such-model.gguf");
        Assert.Equal(ExitCode.BadModel, code);
        Assert.Contains("no-such-model.gguf", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithSomethingElseAsModel_Ends()
    {
        var (code, errors) = await RunAsync("--model", typeof(ProcessTests).Assembly.Location);
        Assert.Equal(ExitCode.BadModel, code);
        Assert.Single(errors);
    }

    [SkippableFact]
    public async Task Start_WithoutAFolderForTheEnginesSockets_SaysWhatNamesOne()
    {
        Skip.If(OperatingSystem.IsWindows(), "TMPDIR is Unix's.");
        var (code, _, errors) = await CommandProcess.RunAsync([("TMPDIR", "/no/such/folder/"), ("Cache__DiskLimit", "0"), ("Responses__Store", "false")], "--model", RepositoryFiles.ChatModel, "--port", "0");
        Assert.Equal(ExitCode.EngineFailed, code);
        Assert.Contains("/no/such/folder/ is none (TMPDIR names another)", errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Stop_WhileTheModelIsWaitedFor_EndsAtOnceWithoutAnError()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "What it waits for is told to systemd.");
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(folder.FullName, "notify");
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
            socket.Bind(new UnixDomainSocketEndPoint(path));
            await using var process = CommandProcess.Start([("NOTIFY_SOCKET", path), ("Server__WaitAtStart", "true")], "--model", "/no/such/volume/model.gguf");
            var buffer = new byte[256];
            Assert.StartsWith("STATUS=Waiting: /no/such", System.Text.Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)), StringComparison.Ordinal);
            process.Interrupt();
            var (code, output, errors) = await process.WaitAsync();
            Assert.Equal((ExitCode.Ok, ""), (code, errors));
            Assert.Contains("Waiting: /no/such/volume/model.gguf does not exist.", output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("{% if %}")]
    [InlineData(null)]
    public async Task Start_WithUnusableTemplate_Ends(string? template)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var (model, file) = (Path.Combine(folder.FullName, "tiny.gguf"), Path.Combine(folder.FullName, "template.jinja"));
            TinyModel.Create(new TinyModelOptions()).WriteTo(model);
            if (template is not null)
            {
                await File.WriteAllTextAsync(file, template);
            }

            var (code, errors) = await RunAsync("--model", model, "--chat-template", file);
            Assert.Equal(ExitCode.BadModel, code);
            Assert.Contains("template.jinja", Assert.Single(errors), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Start_OnTakenPort_Ends()
    {
        var folder = Directory.CreateTempSubdirectory();
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            var model = Path.Combine(folder.FullName, "tiny.gguf");
            TinyModel.Create(new TinyModelOptions()).WriteTo(model);
            var (code, errors) = await RunAsync("--model", model, "--port", port);
            Assert.Equal(ExitCode.CannotListen, code);
            Assert.Contains(port, Assert.Single(errors), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<(ExitCode Code, string[] Errors)> RunAsync(params string[] args) => RunInAsync(AppContext.BaseDirectory, args);

    private static async Task<(ExitCode Code, string[] Errors)> RunInAsync(string folder, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var arg in args.Prepend(Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll")))
        {
            start.ArgumentList.Add(arg);
        }

        using var process = Process.Start(start)!;
        string errors;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            errors = await process.StandardError.ReadToEndAsync().WaitAsync(TestApp.Patience);
            await process.WaitForExitAsync().WaitAsync(TestApp.Patience);
            Assert.DoesNotContain("Exception", await output, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
        }

        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.StartsWith("error: ", line, StringComparison.Ordinal));
        return ((ExitCode)process.ExitCode, lines);
    }
}
