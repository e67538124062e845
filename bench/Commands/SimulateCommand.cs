using System.CommandLine;
using System.Diagnostics;
using InferenceServer.Bench.Simulation;

namespace InferenceServer.Bench.Commands;

/// <summary><c>simulate</c>: the scheduler in virtual time.</summary>
internal static class SimulateCommand
{
    private static readonly Option<int> Seed = new("--seed") { Description = "Of the traffic.", DefaultValueFactory = _ => 1 };
    private static readonly Option<double> Hours = new("--hours") { Description = "Of virtual time in which requests are sent.", DefaultValueFactory = _ => 4 };
    private static readonly Option<int> Agents = new("--agents") { Description = "Agents side by side.", DefaultValueFactory = _ => 3 };
    private static readonly Option<double> Documents = new("--document-interval") { Description = "Seconds between two documents on average.", DefaultValueFactory = _ => 480 };
    private static readonly Option<double> Voice = new("--voice-interval") { Description = "Seconds between two voice commands on average.", DefaultValueFactory = _ => 45 };
    private static readonly Option<double> StepMs = new("--step-ms") { Description = "Milliseconds of a step without prefill.", DefaultValueFactory = _ => DeviceCosts.Large.StepMs };
    private static readonly Option<double> PrefillMs = new("--prefill-ms") { Description = "Milliseconds of a prefill token.", DefaultValueFactory = _ => DeviceCosts.Large.PrefillTokenMs };
    private static readonly Option<double> SmallStepFactor = new("--small-step-factor") { Description = "How many times as much a prefill token costs in a step of fewer than 64.", DefaultValueFactory = _ => 1 };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("simulate", "Run the scheduler in virtual time on a device with a 70B's costs: agents, documents and voice commands mixed.")
        {
            Seed, Hours, Agents, Documents, Voice, StepMs, PrefillMs, SmallStepFactor,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        var traffic = new MixedTrafficSettings
        {
            Seed = arguments.GetValue(Seed),
            DurationMs = arguments.GetValue(Hours) * 3_600_000,
            NumAgents = arguments.GetValue(Agents),
            SecondsBetweenDocuments = arguments.GetValue(Documents),
            SecondsBetweenVoiceCommands = arguments.GetValue(Voice),
        };
        var costs = new DeviceCosts(arguments.GetValue(StepMs), arguments.GetValue(PrefillMs), arguments.GetValue(SmallStepFactor));
        (string Name, VirtualMachineSettings Settings)[] runs =
        [
            ("cells only", new VirtualMachineSettings()),
            ("with memory", new VirtualMachineSettings { Tiers = TierCosts.Large(memoryGigabytes: 16, diskGigabytes: 0) }),
            ("with memory and disk", new VirtualMachineSettings { Tiers = TierCosts.Large(memoryGigabytes: 16, diskGigabytes: 17) }),
            ("no slices", new VirtualMachineSettings { MaxSlicedTokens = 0 }),
            ("no chunking", new VirtualMachineSettings { IsChunking = false }),
            ("no prefix reuse", new VirtualMachineSettings { IsReusingPrefixes = false }),
        ];
        var table = SimulationResult.CreateTable();
        var notes = new List<string>();
        foreach (var (name, settings) in runs)
        {
            var start = Stopwatch.GetTimestamp();
            var result = new VirtualMachine(costs, new MixedTraffic(traffic), settings).Run();
            result.AddTo(table, name);
            notes.Add(
                $"{name}: {result.ElapsedMs / 3_600_000:0.00} h of virtual time, device busy {result.BusyMs / result.ElapsedMs:P0}, {result.NumSteps:N0} steps, " +
                $"{result.NumIdleSteps} idle, longest {result.LongestStepMs:N0} ms, {result.NumPreemptions} preemptions; " +
                $"took {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
        }

        Console.WriteLine(table);
        notes.ForEach(Console.WriteLine);
        return 0;
    }
}
