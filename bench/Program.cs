using System.CommandLine;
using InferenceServer.Bench.Commands;

var root = new RootCommand("Measures the server: over HTTP, and its scheduler in virtual time. See bench/README.md.")
{
    LoadCommand.Create(),
    SimulateCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
