using System.CommandLine;
using InferenceServer.Inference;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Downloads;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Machines;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Server.Commands;

/// <summary><c>plan</c>: what a model takes and how fast it can be, from its header.</summary>
internal static class PlanCommand
{
    private const int DefaultTokens = 8192;

    private static readonly string[] Settings =
    [
        "Server:ModelFolder", "Inference:Parallel", "Inference:GpuLayers", "Inference:Device", "Inference:KvCacheType", "Inference:Context",
    ];

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("plan", "Shows what a model takes in memory and how fast it can be, before it is downloaded or loaded. Reads the file's header only.");
        var model = new Argument<string?>("model")
        {
            Description = "A GGUF file, the name of a pulled or recommended model, hf:owner/repository/file.gguf or an address. Default: the model of the settings.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var machine = new Option<string>("--machine") { Description = "Plan for another machine: its chip and memory in GB, for example \"M4 Max 128\".", HelpName = "NAME" };
        var tokens = new Option<int>("--tokens")
        {
            Description = "Tokens of one conversation, to say how many fit.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultTokens,
        };
        tokens.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 256 or > 16_777_216)
            {
                result.AddError("--tokens: between 256 and 16777216.");
            }
        });
        command.Arguments.Add(model);
        command.Options.Add(machine);
        command.Options.Add(tokens);
        var settings = new CommandLineSettings(command, CommandLineOption.All.Where(option => Settings.Contains(option.Key)));
        command.SetAction(result => (int)Run(settings.ReadSections(result, InferenceOptions.Section), result.GetValue(model), result.GetValue(machine), result.GetValue(tokens)));
        return command;
    }

    private static ExitCode Run(Settings settings, string? name, string? machineName, int tokens)
    {
        var file = Read(name ?? settings.Inference.ModelPath, settings);
        var machine = machineName is null
            ? Measured(ThisMachine.Read(settings.Inference, NullLogger.Instance))
            : NamedMachine.Find(machineName) ?? throw new StartupException(
                ExitCode.BadOptions, $"--machine: '{machineName}' is no chip of the table with its memory in GB. Chips: {string.Join(", ", ChipTable.All.Select(chip => chip.Name).Distinct())}.");
        var report = PlanReport.Create(file, PlanSettings.From(settings.Inference, machine.Family), machine, Math.Min(tokens, file.Metadata.ContextLength));
        PlanTable.Write(report, Console.Out);
        return report.Fits ? ExitCode.Ok : ExitCode.DoesNotFit;
    }

    private static Machine Measured(Machine machine) => machine.BytesPerSecond is null && machine.Family == DeviceFamily.Cpu
        ? machine with { BytesPerSecond = MemoryBandwidth.Measure(), IsMeasured = true }
        : machine;

    private static ModelFile Read(string name, Settings settings)
    {
        var hub = HuggingFace.FromEnvironment();
        var locator = new ModelLocator(ModelFolder.From(settings.Server), hub);
        var source = ModelSource.IsRemote(name) ? name : RecommendedModel.Find(name)?.Source;
        var result = source is null || IsThere(locator, name) ? ModelFile.Read(locator.Find(name)) : ReadRemote(source, hub);
        return result.IsUsable ? result.File : throw new StartupException(ExitCode.BadModel, result.Message);
    }

    private static bool IsThere(ModelLocator locator, string name)
    {
        try
        {
            return File.Exists(locator.Find(name));
        }
        catch (StartupException)
        {
            return false;
        }
    }

    private static ModelFileResult ReadRemote(string text, HuggingFace hub)
    {
        var source = ModelSource.Parse(text, hub, out var error) ?? throw new StartupException(ExitCode.BadOptions, error!);
        using var client = new DownloadClient(hub);
        return ModelFile.Read(source.All()[0].Address.AbsoluteUri, address => RangeStream.Open(client, new Uri(address)));
    }
}
