using System.CommandLine;
using System.Globalization;
using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Server.Downloads;

namespace InferenceServer.Server.Commands;

/// <summary><c>cache</c>: looks at the prefixes on disk, checks and deletes them.</summary>
internal static class CacheCommand
{
    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var cache = new Command("cache", "Looks at the prefixes on disk (Cache:DiskPath), checks and deletes them.");
        cache.Subcommands.Add(CreateStats());
        cache.Subcommands.Add(CreateVerify());
        cache.Subcommands.Add(CreateClear());
        return cache;
    }

    private static Command CreateStats()
    {
        var command = new Command("stats", "Tells what is there.");
        var path = PathOption(command);
        command.SetAction(result => Show(Examine(path(result), whole: false)));
        return command;
    }

    private static Command CreateVerify()
    {
        var command = new Command("verify", "Reads every file and checks it. A server drops what is damaged by itself.");
        var path = PathOption(command);
        command.SetAction(result => Show(Examine(path(result), whole: true)));
        return command;
    }

    private static Command CreateClear()
    {
        var command = new Command("clear", "Deletes all prefixes on disk. Not while a server uses them.");
        var path = PathOption(command);
        command.SetAction(result =>
        {
            var folder = path(result);
            var count = Try(folder, () => PrefixFiles.Clear(folder))
                ?? throw new StartupException(ExitCode.InUse, $"A running server uses {folder}: stop it first.");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} files deleted."));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static PrefixFolderReport Examine(string path, bool whole) => Try(path, () => PrefixFiles.Examine(path, whole));

    private static int Show(PrefixFolderReport report)
    {
        var table = PlainConsole.NewTable("prefixes on disk", report.Path);
        table.AddTexts("in use by a server", report.IsInUse ? "yes" : "no");
        table.AddTexts("files", Text(report.NumFiles));
        table.AddTexts("size", DataSize.Text(report.NumBytes));
        table.AddTexts("tokens", Text(report.NumTokens));
        table.AddTexts("models", Text(report.NumModels));
        table.AddTexts("last used", Text(report.NewestUse));
        table.AddTexts("longest unused since", Text(report.OldestUse));
        foreach (var (fault, count) in report.Faults)
        {
            table.AddTexts($"not sound: {fault}", Text(count));
        }

        PlainConsole.Write(Console.Out, table);
        return (int)(report.Faults.Count == 0 ? ExitCode.Ok : ExitCode.WrongContent);
    }

    private static Func<ParseResult, string> PathOption(Command command)
    {
        var option = new Option<string?>("--path") { Description = "The folder instead of Cache:DiskPath's.", HelpName = "FOLDER" };
        command.Options.Add(option);
        var settings = new CommandLineSettings(command, []);
        return result => result.GetValue(option)
            ?? settings.ReadSections(result, "Cache").Cache.DiskPath
            ?? throw new StartupException(ExitCode.BadOptions, "Name the folder by --path or by the setting Cache:DiskPath.");
    }

    private static T Try<T>(string path, Func<T> access)
    {
        try
        {
            return access();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(ExitCode.NotWritable, $"{path}: {e.Message}");
        }
    }

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(DateTime? time) => time is { } at ? at.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) : "";
}
