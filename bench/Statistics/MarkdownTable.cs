using System.Globalization;
using System.Text;

namespace InferenceServer.Bench.Statistics;

/// <summary>Rows for a terminal that can be pasted into a document: columns padded, numbers to the right.</summary>
internal sealed class MarkdownTable(params string[] headers)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row with a cell per header.</summary>
    public void Add(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, headers.Length);
        _rows.Add(cells);
    }

    /// <summary>A number with some digits after the point; a dash for NaN.</summary>
    public static string Number(double value, int digits = 0) =>
        double.IsNaN(value) ? "-" : value.ToString("N" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>A share as a percentage; a dash for NaN.</summary>
    public static string Percent(double share) => double.IsNaN(share) ? "-" : Number(100 * share) + " %";

    public override string ToString()
    {
        var widths = headers.Select((header, i) => _rows.Select(row => row[i].Length).Append(header.Length).Append(3).Max()).ToArray();
        var text = new StringBuilder();
        Append(text, headers, widths);
        text.Append("| ").AppendJoin(" | ", widths.Select((width, i) => i == 0 ? new string('-', width) : new string('-', width - 1) + ":")).AppendLine(" |");
        foreach (var row in _rows)
        {
            Append(text, row, widths);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string[] cells, int[] widths) =>
        text.Append("| ").AppendJoin(" | ", cells.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).AppendLine(" |");
}
