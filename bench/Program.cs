using System.CommandLine;
using InferenceServer.Bench.Commands;

var root = new RootCommand("Measures the server: over HTTP, against the bare library, in virtual time, and piece by piece. See bench/README.md.")
{
    LoadCommand.Create(),
    BareCommand.Create(),
    CompareCommand.Create(),
    ConstrainedCommand.Create(),
    IsolationCommand.Create(),
    MicroCommand.Create(),
    ResidencyCommand.Create(),
    SimulateCommand.Create(),
    SoakCommand.Create(),
    TelemetryCommand.Create(),
    TiersCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
