using System.Text;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// Cuts the output of <c>powermetrics -f plist</c> into documents. Each is whole with the line <c>&lt;/plist&gt;</c>; the zero byte that Apple
/// puts between two comes before the next one, so that waiting for it would delay every sample by one. One thread at a time.
/// </summary>
internal sealed class PowermetricsFrames
{
    private const string End = "</plist>";

    // A sample has some 10,000 characters; whatever grows beyond this is none.
    private const int MaxLength = 4 << 20;

    private readonly StringBuilder _document = new();

    /// <summary>Takes a line, without its end.</summary>
    /// <returns>The document that it ends; null if it ends none.</returns>
    public string? Add(string line)
    {
        _document.Append(line.AsSpan().TrimStart('\0')).Append('\n');
        if (!line.AsSpan().TrimEnd().EndsWith(End, StringComparison.Ordinal))
        {
            if (_document.Length > MaxLength)
            {
                _document.Clear();
            }

            return null;
        }

        var document = _document.ToString();
        _document.Clear();
        return document;
    }
}
