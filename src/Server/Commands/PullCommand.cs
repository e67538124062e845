using System.CommandLine;
using System.Runtime.InteropServices;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Downloads;

namespace InferenceServer.Server.Commands;

/// <summary><c>pull</c>: downloads a model into the model folder.</summary>
internal static class PullCommand
{
    private const int MaxConnections = 16;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("pull", "Downloads a model, and goes on with a download that was stopped. Without a source it lists recommended models.");
        var source = new Argument<string?>("source")
        {
            Description = "hf:owner/repository/file.gguf (@revision may follow the repository), an address, or the name of a recommended model. Of several shards, any.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var sha256 = new Option<string>("--sha256") { Description = "Hash that the file must have, in hex digits. The hub's own is checked anyway.", HelpName = "HEX" };
        sha256.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not { Length: 64 } text || !text.All(char.IsAsciiHexDigit))
            {
                result.AddError("--sha256: 64 hex digits.");
            }
        });
        var connections = new Option<int>("--connections")
        {
            Description = "Connections at once, 1 to 16.",
            HelpName = "N",
            DefaultValueFactory = _ => new DownloadOptions().Connections,
        };
        connections.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > MaxConnections)
            {
                result.AddError($"--connections: between 1 and {MaxConnections}.");
            }
        });
        command.Arguments.Add(source);
        command.Options.Add(sha256);
        command.Options.Add(connections);
        var settings = new CommandLineSettings(command, CommandLineOption.All.Where(option => option.Key == "Server:ModelFolder"));
        command.SetAction(async (result, cancellationToken) =>
        {
            var folder = ModelFolder.From(settings.ReadOne(result, "Server:ModelFolder"));
            if (result.GetValue(source) is not { } name)
            {
                ModelTable.WriteRecommended(Console.Out);
                return (int)ExitCode.Ok;
            }

            return (int)await RunAsync(name, folder, result.GetValue(sha256), new DownloadOptions { Connections = result.GetValue(connections) }, cancellationToken);
        });
        return command;
    }

    private static async Task<ExitCode> RunAsync(string name, ModelFolder folder, string? sha256, DownloadOptions options, CancellationToken cancellationToken)
    {
        var hub = HuggingFace.FromEnvironment();
        var files = (ModelSource.Parse(RecommendedModel.Find(name)?.Source ?? name, hub, out var error) ?? throw new StartupException(ExitCode.BadOptions, error!)).All();
        if (sha256 is not null && files.Count > 1)
        {
            throw new StartupException(ExitCode.BadOptions, $"--sha256: {name} has {files.Count} files, and a hash is of one.");
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var downloader = new Downloader(hub, options, TimeProvider.System);
        foreach (var file in files)
        {
            var progress = new DownloadProgress();
            DownloadResult result;
            using (PullDisplay.Start(file.FileName, progress))
            {
                result = await downloader.RunAsync(file, folder.PathOf(file), sha256, progress, stopping.Token);
            }

            if (!result.IsThere)
            {
                throw new StartupException(ToExitCode(result.Status), result.Message!);
            }

            Console.WriteLine($"{folder.PathOf(file)}{(result.Status == DownloadStatus.AlreadyThere ? " was there already" : "")}");
        }

        return Check(folder.PathOf(files[0]));
    }

    // What has no hash to be checked against may still be no model.
    private static ExitCode Check(string path)
    {
        var result = ModelFile.Read(path);
        result = result.Error == ModelFileError.NotGenerative ? ModelFile.Read(path, ModelPurpose.Embedding) : result;
        if (!result.IsUsable)
        {
            throw new StartupException(ExitCode.WrongContent, $"It arrived as announced, but cannot be served: {result.Message}");
        }

        return ExitCode.Ok;
    }

    private static ExitCode ToExitCode(DownloadStatus status) => status switch
    {
        DownloadStatus.NotFound or DownloadStatus.Refused or DownloadStatus.Failed => ExitCode.DownloadFailed,
        DownloadStatus.WrongContent => ExitCode.WrongContent,
        DownloadStatus.NoSpace => ExitCode.NoSpace,
        DownloadStatus.NotWritable => ExitCode.NotWritable,
        DownloadStatus.InUse => ExitCode.InUse,
        DownloadStatus.Cancelled => ExitCode.Interrupted,
        _ => ExitCode.Ok,
    };
}
