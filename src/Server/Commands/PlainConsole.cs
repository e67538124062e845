using Spectre.Console;

namespace InferenceServer.Server.Commands;

/// <summary>Tables as text, fit for a terminal, a pipe and a file alike: no colours, and nothing wrapped or cut, however long a path is.</summary>
internal static class PlainConsole
{
    // Wider than any row: tables take only what they need.
    private const int Width = 2000;

    /// <summary>A console on a writer.</summary>
    public static IAnsiConsole Create(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = Width;
        return console;
    }

    /// <summary>A table with headings.</summary>
    public static Table NewTable(params string[] headings) => new Table { Border = TableBorder.Simple }.AddColumns(headings);

    /// <summary>Adds a row of texts, in which nothing is markup.</summary>
    public static void AddTexts(this Table table, params IEnumerable<string> cells) => table.AddRow(cells.Select(cell => new Text(cell)));
}
