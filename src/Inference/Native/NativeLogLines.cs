using System.Text;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Native;

/// <summary>
/// Makes whole lines of what the library prints in pieces. A piece of level "continue" belongs to the line before it,
/// whatever its level was. Not thread-safe.
/// </summary>
/// <param name="publish">Gets every finished line that is not blank, without its line end.</param>
internal sealed class NativeLogLines(Action<LogLevel, string> publish)
{
    /// <summary><c>ggml_log_level</c>.</summary>
    private const int Debug = 1, Info = 2, Warning = 3, Error = 4, Continue = 5;

    private readonly StringBuilder _pending = new();
    private LogLevel _level = LogLevel.Debug;

    /// <summary>Takes the text of one call, which may hold a part of a line or several lines.</summary>
    public void Add(int level, string text)
    {
        if (level != Continue)
        {
            // A new message ends the one before it even if that printed no line end.
            Flush();
            _level = level switch
            {
                Debug => LogLevel.Trace,
                Info => LogLevel.Debug,
                Warning => LogLevel.Warning,
                Error => LogLevel.Error,
                _ => LogLevel.Debug,
            };
        }

        var rest = text.AsSpan();
        for (var end = rest.IndexOf('\n'); end >= 0; end = rest.IndexOf('\n'))
        {
            _pending.Append(rest[..end]);
            Flush();
            rest = rest[(end + 1)..];
        }

        _pending.Append(rest);
    }

    private void Flush()
    {
        var line = _pending.ToString().TrimEnd();
        _pending.Clear();
        if (line.Length > 0)
        {
            publish(_level, line);
        }
    }
}
