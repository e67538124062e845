using System.Buffers;
using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Reads one value as it is being written and gives JSON. Valid JSON comes out character for character; Python's words, quotes,
/// tuples and trailing commas, line breaks in strings and unknown escapes come out as the JSON that was meant. One value each; one thread.
/// </summary>
internal sealed class LiteralReader(LiteralNotation notation)
{
    // More nesting than any tool needs, and less than would hurt whoever parses the arguments.
    private const int MaxDepth = 128;

    private static readonly SearchValues<char> Special = SearchValues.Create([.. Enumerable.Range(0, ' ').Select(c => (char)c), '"', '\'', '\\', '<']);

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private static readonly SearchValues<char> KeyEnds = SearchValues.Create(":,{}[]()<>\"\n");

    // The closers of the containers that are open, in JSON.
    private readonly Stack<char> _closers = [];

    // A comma and the space after it, held back until another item comes.
    private readonly StringBuilder _gap = new();
    private readonly StringBuilder _word = new();
    private Expected _expected = Expected.Value;
    private string? _quote;
    private bool _isKey;

    private enum Expected
    {
        Value,
        ValueOrEnd,
        KeyOrEnd,
        Colon,
        CommaOrEnd,
        Nothing,
    }

    /// <summary>Consumes as much of the value as is there.</summary>
    public ReadStatus Read(OutputCursor cursor, StringBuilder output)
    {
        while (_expected != Expected.Nothing)
        {
            var status = _quote is not null ? ReadText(cursor, output) : ReadToken(cursor, output);
            if (status != ReadStatus.Done)
            {
                return status;
            }
        }

        return ReadStatus.Done;
    }

    /// <summary>The value broke: gives what was held back.</summary>
    public void Release(StringBuilder output)
    {
        FlushGap(output);
        output.Append(_word);
        _word.Clear();
    }

    /// <summary>The output ended within the value: gives what was held back. Half an escape is text, half a marker is none.</summary>
    public void Cut(OutputCursor cursor, StringBuilder output)
    {
        Release(output);
        output.Append(notation.HasEscapes ? cursor.Rest : []);
        cursor.Take(cursor.Rest.Length);
    }

    private ReadStatus ReadToken(OutputCursor cursor, StringBuilder output)
    {
        if (_isKey)
        {
            return ReadBareKey(cursor, output);
        }

        if (_word.Length > 0)
        {
            return ReadWord(cursor, output);
        }

        if (cursor.IsEmpty)
        {
            return ReadStatus.NeedsMore;
        }

        var c = cursor.Current;
        if (c is ' ' or '\t' or '\n' or '\r')
        {
            (_gap.Length > 0 ? _gap : output).Append(c);
            cursor.Take(1);
            return ReadStatus.Done;
        }

        return _expected switch
        {
            Expected.Colon when c == ':' => TakeColon(cursor, output),
            Expected.CommaOrEnd when c == ',' => TakeComma(cursor),
            Expected.CommaOrEnd or Expected.ValueOrEnd or Expected.KeyOrEnd when c is ']' or '}' or ')' => TakeCloser(cursor, output),
            Expected.KeyOrEnd => StartText(cursor, output, isKey: true),
            Expected.Value or Expected.ValueOrEnd when c is '[' or '{' or '(' => TakeOpener(cursor, output),
            Expected.Value or Expected.ValueOrEnd when IsWordPart(c) => ReadWord(cursor, output),
            Expected.Value or Expected.ValueOrEnd => StartText(cursor, output, isKey: false),
            _ => ReadStatus.Broken,
        };
    }

    private ReadStatus TakeColon(OutputCursor cursor, StringBuilder output)
    {
        output.Append(':');
        cursor.Take(1);
        _expected = Expected.Value;
        return ReadStatus.Done;
    }

    private ReadStatus TakeComma(OutputCursor cursor)
    {
        _gap.Append(',');
        cursor.Take(1);
        _expected = _closers.Peek() == '}' ? Expected.KeyOrEnd : Expected.ValueOrEnd;
        return ReadStatus.Done;
    }

    private ReadStatus TakeOpener(OutputCursor cursor, StringBuilder output)
    {
        var isObject = cursor.Current == '{';
        if (_closers.Count == MaxDepth)
        {
            return ReadStatus.Broken;
        }

        FlushGap(output);
        output.Append(isObject ? '{' : '[');
        _closers.Push(isObject ? '}' : ']');
        cursor.Take(1);
        _expected = isObject ? Expected.KeyOrEnd : Expected.ValueOrEnd;
        return ReadStatus.Done;
    }

    private ReadStatus TakeCloser(OutputCursor cursor, StringBuilder output)
    {
        var closer = cursor.Current == ')' ? ']' : cursor.Current;
        if (_closers.Count == 0 || _closers.Peek() != closer)
        {
            return ReadStatus.Broken;
        }

        if (_gap.Length > 0)
        {
            output.Append(_gap, 1, _gap.Length - 1);
            _gap.Clear();
        }

        output.Append(closer);
        _closers.Pop();
        cursor.Take(1);
        EndValue();
        return ReadStatus.Done;
    }

    private ReadStatus StartText(OutputCursor cursor, StringBuilder output, bool isKey)
    {
        foreach (var quote in notation.Quotes)
        {
            var match = cursor.TakeMarker(quote);
            if (match == MarkerMatch.Open)
            {
                return ReadStatus.NeedsMore;
            }

            if (match == MarkerMatch.Found)
            {
                FlushGap(output);
                output.Append('"');
                _quote = quote;
                _expected = isKey ? Expected.Colon : Expected.CommaOrEnd;
                return ReadStatus.Done;
            }
        }

        _isKey = isKey && notation.HasBareKeys;
        return _isKey ? ReadStatus.Done : ReadStatus.Broken;
    }

    private ReadStatus ReadBareKey(OutputCursor cursor, StringBuilder output)
    {
        var rest = cursor.Rest;
        var length = rest.IndexOfAny(KeyEnds);
        length = length < 0 ? rest.Length : length;
        _word.Append(rest[..length]);
        cursor.Take(length);
        if (cursor.IsEmpty)
        {
            return ReadStatus.NeedsMore;
        }

        if (cursor.Current != ':' || _word.Length == 0)
        {
            return ReadStatus.Broken;
        }

        FlushGap(output);
        output.Append('"');
        JsonEscapes.Append(output, _word.ToString().AsSpan().Trim());
        output.Append('"');
        _word.Clear();
        _isKey = false;
        _expected = Expected.Colon;
        return ReadStatus.Done;
    }

    private ReadStatus ReadWord(OutputCursor cursor, StringBuilder output)
    {
        var rest = cursor.Rest;
        var length = 0;
        while (length < rest.Length && IsWordPart(rest[length]))
        {
            length++;
        }

        _word.Append(rest[..length]);
        cursor.Take(length);
        if (cursor.IsEmpty && !(cursor.Ended && _closers.Count == 0))
        {
            return ReadStatus.NeedsMore;
        }

        var word = _word.ToString();
        var value = word switch
        {
            "true" or "True" => "true",
            "false" or "False" => "false",
            "null" or "None" => "null",
            _ => JsonNumber.IsValid(word) ? word : null,
        };
        if (value is null)
        {
            return ReadStatus.Broken;
        }

        FlushGap(output);
        output.Append(value);
        _word.Clear();
        EndValue();
        return ReadStatus.Done;
    }

    private ReadStatus ReadText(OutputCursor cursor, StringBuilder output)
    {
        var rest = cursor.Rest;
        var length = rest.IndexOfAny(Special);
        length = length < 0 ? rest.Length : length;
        output.Append(rest[..length]);
        cursor.Take(length);
        if (cursor.IsEmpty)
        {
            return ReadStatus.NeedsMore;
        }

        var match = cursor.TakeMarker(_quote!);
        if (match == MarkerMatch.Found)
        {
            output.Append('"');
            _quote = null;
            if (_expected != Expected.Colon)
            {
                EndValue();
            }

            return ReadStatus.Done;
        }

        if (match == MarkerMatch.Open)
        {
            return ReadStatus.NeedsMore;
        }

        if (cursor.Current == '\\' && notation.HasEscapes)
        {
            return ReadEscape(cursor, output);
        }

        JsonEscapes.Append(output, cursor.Current);
        cursor.Take(1);
        return ReadStatus.Done;
    }

    private static ReadStatus ReadEscape(OutputCursor cursor, StringBuilder output)
    {
        var rest = cursor.Rest;
        if (rest.Length < 2)
        {
            return ReadStatus.NeedsMore;
        }

        var numDigits = rest[1] switch { 'u' => 4, 'x' => 2, _ => 0 };
        var digits = rest[2..Math.Min(rest.Length, 2 + numDigits)];
        if (digits.ContainsAnyExcept(HexDigits))
        {
            numDigits = 0;
        }
        else if (digits.Length < numDigits)
        {
            return ReadStatus.NeedsMore;
        }

        if (numDigits > 0)
        {
            output.Append(numDigits == 2 ? "\\u00" : "\\u").Append(digits);
            cursor.Take(2 + numDigits);
        }
        else if (rest[1] is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't')
        {
            output.Append(rest[..2]);
            cursor.Take(2);
        }
        else if (rest[1] == '\'')
        {
            output.Append('\'');
            cursor.Take(2);
        }
        else
        {
            // Python leaves the backslash of an unknown escape; JSON knows none. A model that writes "\d" means these two characters.
            output.Append("\\\\");
            cursor.Take(1);
        }

        return ReadStatus.Done;
    }

    private void EndValue() => _expected = _closers.Count == 0 ? Expected.Nothing : Expected.CommaOrEnd;

    private void FlushGap(StringBuilder output)
    {
        output.Append(_gap);
        _gap.Clear();
    }

    private static bool IsWordPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.';
}

/// <summary>How far a value was read.</summary>
internal enum ReadStatus
{
    /// <summary>More output is needed.</summary>
    NeedsMore,

    /// <summary>What was to be read is read.</summary>
    Done,

    /// <summary>The next character cannot stand here; it was not consumed.</summary>
    Broken,
}
