using Spectre.Console;

namespace InferenceServer.Server.Commands;

/// <summary>Tables as text, fit for a terminal, a pipe and a file alike: no colours, and nothing wrapped or cut, however long a path is.</summary>
internal static class PlainConsole
{
    // Wider than any row: tables take only what they need.
    private const int Width = 2000;

    /// <summary>Writes a table, without blank lines around it and blanks at the ends of its lines.</summary>
    public static void Write(TextWriter output, Table table)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = Width;
        console.Write(table);
        foreach (var line in text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0))
        {
            output.WriteLine(line);
        }
    }

    /// <summary>A table with headings.</summary>
    public static Table NewTable(params string[] headings) => new Table { Border = TableBorder.Simple }.AddColumns(headings);

    /// <summary>Adds a row of texts, in which nothing is markup.</summary>
    public static void AddTexts(this Table table, params IEnumerable<string> cells) => table.AddRow(cells.Select(cell => new Text(cell)));
}
