using System.Diagnostics;
using System.Xml;
using System.Xml.Linq;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Service;
using InferenceServer.Server.Tests.Commands;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Service;

/// <summary>What service managers are given: the same text as in <c>deploy/</c>, and accepted by the managers' own checks.</summary>
public sealed class ServiceFileTests
{
    private static readonly ServiceDefinition Systemd = ServiceDefinition.Of(ServiceKind.Systemd, "");

    private static readonly ServiceDefinition Awkward = Systemd with
    {
        OtherCommand = ["/bin/true", "100% \"of\" $HOME", @"back\slash", "<&>"],
    };

    [Theory]
    [InlineData("systemd/inference-server.service", "systemd")]
    [InlineData("launchd/inference-server.daemon.plist", "launchd-daemon")]
    [InlineData("launchd/inference-server.agent.plist", "launchd-agent")]
    public async Task DeployFile_IsWhatTheProgramPrints(string file, string kind)
    {
        var (code, output, errors) = await CommandProcess.RunAsync([("HOME", "/Users/YOU")], "service", "print", kind);
        Assert.Equal((ExitCode.Ok, ""), (code, errors));
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "deploy", file)), output);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unit_SystemdItself_AcceptsIt(bool isAwkward)
    {
        Skip.If(TestTool.WhyMissing("systemd-analyze") is not null, TestTool.WhyMissing("systemd-analyze"));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            // Verification looks for the program, which is installed nowhere here.
            var unit = Path.Combine(folder.FullName, "inference-server.service");
            await File.WriteAllTextAsync(unit, SystemdUnit.Write(isAwkward ? Awkward : Systemd with { OtherCommand = ["/bin/true"] }));
            Assert.Equal((0, ""), await RunAsync("systemd-analyze", "verify", "--man=no", unit));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Unit_WithAMistake_SystemdRefusesIt()
    {
        Skip.If(TestTool.WhyMissing("systemd-analyze") is not null, TestTool.WhyMissing("systemd-analyze"));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var unit = Path.Combine(folder.FullName, "inference-server.service");
            await File.WriteAllTextAsync(unit, SystemdUnit.Write(Systemd with { OtherCommand = ["/bin/true"] }).Replace("Type=notify", "Type=noisy", StringComparison.Ordinal));
            Assert.Contains("noisy", (await RunAsync("systemd-analyze", "verify", "--man=no", unit)).Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableTheory]
    [InlineData("daemon", "integer", true)]
    [InlineData("agent", "integer", true)]
    [InlineData("daemon", "number", false)]
    public async Task Plist_FollowsTheGrammarOfPropertyLists(string kind, string numberElement, bool isValid)
    {
        Skip.If(TestTool.WhyMissing("xmllint") is not null, TestTool.WhyMissing("xmllint"));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var text = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "deploy", "launchd", $"inference-server.{kind}.plist"));
            var file = Path.Combine(folder.FullName, "plist");
            await File.WriteAllTextAsync(file, text.Replace("integer>", $"{numberElement}>", StringComparison.Ordinal));

            // It also says that it could not fetch Apple's own grammar, which no test may.
            var (code, output) = await RunAsync("xmllint", "--nonet", "--noout", "--dtdvalid", RepositoryFiles.Data("plist.dtd"), file);
            Assert.True(isValid == (code == 0), output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Definitions_OfEveryKind_StartItAgainAfterAnyFailureButNotAfterAStop()
    {
        var unit = SystemdUnit.Write(Systemd).Split('\n');
        Assert.All(["Restart=on-failure", "RestartSec=10", "StartLimitIntervalSec=0"], (string line) => Assert.Contains(line, unit));
        Assert.DoesNotContain(unit, line => line.StartsWith("SuccessExitStatus", StringComparison.Ordinal) || line.StartsWith("RestartPreventExitStatus", StringComparison.Ordinal));
        foreach (var kind in new[] { ServiceKind.LaunchDaemon, ServiceKind.LaunchAgent })
        {
            var list = XDocument.Parse(LaunchdPlist.Write(ServiceDefinition.Of(kind, "/home"))).Root!.Element("dict")!;
            var keepAlive = list.Elements("key").Single(key => key.Value == "KeepAlive").ElementsAfterSelf().First();
            Assert.Equal("<dict><key>SuccessfulExit</key><false /></dict>", keepAlive.ToString(SaveOptions.DisableFormatting));
            Assert.Equal("10", list.Elements("key").Single(key => key.Value == "ThrottleInterval").ElementsAfterSelf().First().Value);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PlistCommand_WithAndWithoutSecrets_BecomesTheServerWithThem(bool hasSecrets)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var service = ServiceDefinition.Of(ServiceKind.LaunchDaemon, "") with
            {
                SettingsFolder = folder.FullName,
                LogFolder = folder.FullName,
                OtherCommand = ["/bin/sh", "-c", "echo \"$PPID:$SECRET:$1\"", "sh", "an <argument> & $more"],
            };
            if (hasSecrets)
            {
                await File.WriteAllTextAsync(service.EnvironmentFile, "# a comment\nSECRET='two words'\n");
            }

            // The server's parent is whoever started the command: nothing stands between them that would swallow a signal.
            Assert.Equal((0, $"{Environment.ProcessId}:{(hasSecrets ? "two words" : "")}:an <argument> & $more\n"), await RunPlistAsync(service));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(1_000_000, 1_000_000)]
    [InlineData(1_100_000, 0)]
    public async Task PlistCommand_WithALargeFileOfErrors_EmptiesIt(int before, int after)
    {
        var folder = Directory.CreateTempSubdirectory("with a blank ");
        try
        {
            var service = ServiceDefinition.Of(ServiceKind.LaunchAgent, "/home") with { SettingsFolder = folder.FullName, LogFolder = folder.FullName, OtherCommand = ["/bin/true"] };
            await File.WriteAllBytesAsync(service.ErrorFile!, new byte[before]);
            Assert.Equal((0, ""), await RunPlistAsync(service));
            Assert.Equal(after, new FileInfo(service.ErrorFile!).Length);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<(int Code, string Output)> RunPlistAsync(ServiceDefinition service)
    {
        var arguments = Parse(LaunchdPlist.Write(service)).Descendants("key").Single(key => key.Value == "ProgramArguments").ElementsAfterSelf().First().Elements().Select(element => element.Value).ToList();
        return RunAsync(arguments[0], [.. arguments.Skip(1)]);
    }

    private static XDocument Parse(string text)
    {
        using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TestApp.Patience);
        return (process.ExitCode, output + await errors);
    }
}
