using System.CommandLine;
using InferenceServer.Bench.Commands;

var root = new RootCommand("Measures the server: over HTTP, against the bare library, and in virtual time. See bench/README.md.")
{
    LoadCommand.Create(),
    BareCommand.Create(),
    CompareCommand.Create(),
    SimulateCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
