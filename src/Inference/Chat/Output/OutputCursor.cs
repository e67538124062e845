using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// The output that was not consumed yet, and a record of what was consumed since an attempt to read a call began. One thread
/// at a time.
/// </summary>
internal sealed class OutputCursor
{
    private readonly StringBuilder _record = new();
    private char[] _text = new char[256];
    private int _start;
    private int _end;
    private bool _recording;
    private int _mark;

    /// <summary>True: nothing will be appended any more.</summary>
    public bool Ended { get; private set; }

    /// <summary>Characters consumed so far.</summary>
    public long NumTaken { get; private set; }

    public bool IsEmpty => _start == _end;

    /// <summary>The next character. Not while empty.</summary>
    public char Current => _text[_start];

    /// <summary>What is there and not consumed. Valid until the next call of another member.</summary>
    public ReadOnlySpan<char> Rest => _text.AsSpan(_start, _end - _start);

    public void Append(ReadOnlySpan<char> text)
    {
        if (_text.Length - _end < text.Length)
        {
            // Shifting only what is less than half keeps the cost of all appends linear.
            var target = _end - _start + text.Length > _text.Length / 2 ? new char[2 * (_text.Length + text.Length)] : _text;
            Rest.CopyTo(target);
            _end -= _start;
            _start = 0;
            _text = target;
        }

        text.CopyTo(_text.AsSpan(_end));
        _end += text.Length;
    }

    public void End() => Ended = true;

    public void Take(int count)
    {
        if (_recording)
        {
            _record.Append(_text, _start, count);
        }

        _start += count;
        NumTaken += count;
        if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    /// <summary>Starts the record anew: what is consumed from here on can be had back as text.</summary>
    public void BeginRecord()
    {
        _record.Clear();
        _recording = true;
        _mark = 0;
    }

    /// <summary>What the record holds so far was passed on.</summary>
    public void MarkRecord() => _mark = _record.Length;

    /// <summary>Ends the record.</summary>
    /// <returns>What was consumed since <see cref="BeginRecord"/>: up to the last <see cref="MarkRecord"/>, and after it.</returns>
    public (string Marked, string Unmarked) EndRecord()
    {
        _recording = false;
        return (_record.ToString(0, _mark), _record.ToString(_mark, _record.Length - _mark));
    }

    /// <summary>Compares the next characters with a marker, without consuming any.</summary>
    public MarkerMatch Match(string marker)
    {
        var rest = Rest;
        if (rest.StartsWith(marker, StringComparison.Ordinal))
        {
            return MarkerMatch.Found;
        }

        return !Ended && marker.AsSpan().StartsWith(rest, StringComparison.Ordinal) ? MarkerMatch.Open : MarkerMatch.Absent;
    }

    /// <summary>
    /// Consumes a marker that closes something, if it comes next. At the end of the output a part of it closes too: the rest was
    /// cut off.
    /// </summary>
    public MarkerMatch TakeClosing(string marker)
    {
        var match = Match(marker);
        if (match == MarkerMatch.Found)
        {
            Take(marker.Length);
        }
        else if (Ended && !IsEmpty && marker.AsSpan().StartsWith(Rest, StringComparison.Ordinal))
        {
            Take(Rest.Length);
            return MarkerMatch.Found;
        }

        return match;
    }

    /// <summary>Consumes a marker if it comes next.</summary>
    public MarkerMatch TakeMarker(string marker)
    {
        var match = Match(marker);
        if (match == MarkerMatch.Found)
        {
            Take(marker.Length);
        }

        return match;
    }

    /// <summary>Consumes white space.</summary>
    /// <returns>True if a character follows; false if more output is needed to know.</returns>
    public bool SkipSpace()
    {
        var rest = Rest;
        var length = 0;
        while (length < rest.Length && char.IsWhiteSpace(rest[length]))
        {
            length++;
        }

        Take(length);
        return !IsEmpty;
    }
}

/// <summary>What the next characters say about a marker.</summary>
internal enum MarkerMatch
{
    /// <summary>It is not there.</summary>
    Absent,

    /// <summary>It may be: more output is needed.</summary>
    Open,

    /// <summary>It is there.</summary>
    Found,
}
