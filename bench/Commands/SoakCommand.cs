using System.CommandLine;
using System.Globalization;
using InferenceServer.Bench.Compare;
using InferenceServer.Bench.Soak;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Commands;

/// <summary>
/// <c>soak</c>: everything that clients do, for a long time, while the engine's process is killed and the disk tier is damaged; then what must hold: no request lost or doubled, memory and
/// file handles flat, cells free, a fixed probe's answers equal. Linux.
/// </summary>
internal static class SoakCommand
{
    // Small, so that every tier is full, and everything is evicted, within minutes.
    private const string MemoryLimitMiB = "32";
    private const string DiskLimitMiB = "64";

    // Garbage that waits for a collector is no leak, but hides one: with a first generation of 4 MiB (hexadecimal) both processes' memory is what they hold, give or take a little.
    // Nor is code that is compiled once more as it becomes hot: 3 MiB of it came over the first ten minutes.
    private static readonly (string, string)[] FlatMemory =
        [("DOTNET_GCgen0size", "400000"), ("DOTNET_GCConserveMemory", "9"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_TieredCompilation", "0")];

    private static readonly Option<string> Model = ModelOption.Create();
    private static readonly Option<double> Minutes = new("--minutes") { Description = "How long the load lasts.", DefaultValueFactory = _ => 20 };
    private static readonly Option<int> KillEvery = new("--kill-every") { Description = "Seconds between two kills of the engine's process; 0: none.", DefaultValueFactory = _ => 60 };
    private static readonly Option<int> Context = new("--context") { Description = "KV cells.", DefaultValueFactory = _ => 4096 };
    private static readonly Option<int> Threads = new("--threads") { Description = "Of the engine. On a machine that does other things, too, one does not wait for another that has no processor.", DefaultValueFactory = _ => Environment.ProcessorCount };
    private static readonly Option<int> Seed = new("--seed") { Description = "Of texts and chances.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> Disk = new("--disk") { Description = "Folder for the disk tier. On a file system of its own of less than 4 GiB, that is filled now and then, too, if engines are killed. Default: a temporary one, on a disk that is not filled." };
    private static readonly Option<string?> Log = new("--log") { Description = "File for the server's log." };
    private static readonly Option<FileInfo?> Csv = new("--csv") { Description = "File for memory and file handles, second by second." };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("soak", "Let every kind of client at a server for a long time while its engine is killed and its files are damaged; then see what was lost, doubled or leaked. Linux.")
        {
            Model, Minutes, KillEvery, Context, Threads, Seed, Disk, Log, Csv,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var temporary = arguments.GetValue(Disk) is null ? Directory.CreateTempSubdirectory("soak-") : null;
        try
        {
            return await RunAsync(arguments, temporary?.FullName ?? Path.GetFullPath(arguments.GetValue(Disk)!), cancellationToken);
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
    }

    private static async Task<int> RunAsync(ParseResult arguments, string folder, CancellationToken cancellationToken)
    {
        var (context, seed, model) = (arguments.GetValue(Context), arguments.GetValue(Seed), Path.GetFullPath(arguments.GetValue(Model)!));
        await using var server = await ServerProcess.StartAsync(
            ["--model", model, "--context", context.ToString(CultureInfo.InvariantCulture), "--kv-type", "q8_0", "--threads", arguments.GetValue(Threads).ToString(CultureInfo.InvariantCulture)],
            cancellationToken,
            [("Engine__Isolation", "process"), ("Cache__DiskPath", folder), ("Cache__DiskLimit", DiskLimitMiB), ("Cache__MemoryLimit", MemoryLimitMiB), .. FlatMemory, .. LogTo(arguments.GetValue(Log))]);
        using var client = new SoakClient(server.Address);
        using var slow = new SoakClient(server.Address, receiveBytes: 2048);
        var mix = new ClientMix(client, slow, context, seed, ControlTokens.Read(model));
        var kinds = mix.Create();
        var tally = new Tally();
        var run = new SoakRun(client, kinds, tally, seed);
        await run.AskAsync(mix.Probe, new Random(seed)); // undisturbed: what all others are held to

        var killer = arguments.GetValue(KillEvery) is > 0 and var seconds ? new EngineKiller(server.ProcessId, TimeSpan.FromSeconds(seconds)) : null;
        var vandal = new DiskVandal(folder, seed, mayFill: killer is not null);
        var observer = new Observer(server.ProcessId, tally);
        var metrics = await run.RunAsync(
            TimeSpan.FromMinutes(arguments.GetValue(Minutes)), [observer.RunAsync, vandal.RunAsync, .. killer is null ? (Func<CancellationToken, Task>[])[] : [killer.RunAsync]], cancellationToken);

        var verdict = new Verdict();
        verdict.AddRequests(tally, kinds, metrics);
        verdict.AddProbe(tally, mix.Probe);
        verdict.AddCache(metrics, context, vandal);
        verdict.AddRestarts(metrics, killer?.NumKills ?? 0);
        verdict.AddProcesses(observer.Samples, TimeSpan.FromSeconds(arguments.GetValue(KillEvery) / 2.0));
        Report(tally, kinds, verdict);
        if (arguments.GetValue(Csv) is { } file)
        {
            await File.WriteAllLinesAsync(file.FullName, ToLines(observer.Samples), cancellationToken);
        }

        return verdict.IsGood ? 0 : 1;
    }

    private static (string, string)[] LogTo(string? file) => file is null ? [] : [("Log__File", Path.GetFullPath(file))];

    private static void Report(Tally tally, IReadOnlyList<ClientKind> kinds, Verdict verdict)
    {
        var endings = Enum.GetValues<Ending>();
        var table = new MarkdownTable(["clients", .. endings.Select(ending => ending.ToString().ToLowerInvariant())]);
        foreach (var kind in kinds)
        {
            table.Add([kind.Name, .. endings.Select(ending => MarkdownTable.Number(tally.Count(kind, ending)))]);
        }

        Console.WriteLine(table);
        Console.WriteLine(verdict);
        foreach (var detail in tally.Details)
        {
            Console.WriteLine($"* {detail}");
        }
    }

    private static IEnumerable<string> ToLines(IEnumerable<Sample> samples) =>
    [
        "seconds,requests,host_bytes,host_files,engine_process,engine_bytes,engine_files",
        .. samples.Select(sample => string.Create(
            CultureInfo.InvariantCulture,
            $"{sample.At.TotalSeconds:0.0},{sample.NumRequests},{sample.Host.MemoryBytes:0},{sample.Host.NumFiles},{sample.Engine?.Id},{sample.Engine?.MemoryBytes:0},{sample.Engine?.NumFiles}")),
    ];
}
