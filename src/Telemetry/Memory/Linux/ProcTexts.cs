using System.Buffers.Text;
using System.Globalization;

namespace InferenceServer.Telemetry.Memory.Linux;

/// <summary>Finds numbers in the kernel's texts below <c>/proc</c>. Pure; allocates nothing.</summary>
internal static class ProcTexts
{
    private const long BytesPerKilobyte = 1024;

    /// <summary>A line <c>Key:   123 kB</c> in bytes; null if there is no such line.</summary>
    /// <param name="text">Of <c>meminfo</c> or <c>status</c>.</param>
    /// <param name="key">With its colon.</param>
    public static long? FindKilobytes(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key) => FindNumber(text, key) * BytesPerKilobyte;

    /// <summary>A line that begins with a key and goes on with a number; null if there is none.</summary>
    /// <param name="text">Lines.</param>
    /// <param name="key">The line's beginning, up to blanks.</param>
    public static long? FindNumber(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key)
    {
        while (!text.IsEmpty)
        {
            var line = TakeLine(ref text);
            if (line.StartsWith(key) && line.Length > key.Length && line[key.Length] is (byte)' ' or (byte)'\t')
            {
                return Utf8Parser.TryParse(line[key.Length..].TrimStart(" \t"u8), out long value, out _) ? value : null;
            }
        }

        return null;
    }

    /// <summary>A line of a pressure file, such as <c>some avg10=1.53 avg60=0.87 avg300=0.20 total=58761459</c>.</summary>
    /// <param name="text">The file.</param>
    /// <param name="kind"><c>some</c> or <c>full</c>.</param>
    /// <returns>Share of the last 10 s, and seconds in all; null if there is no such line.</returns>
    public static (double Share, double Seconds)? FindPressure(ReadOnlySpan<byte> text, ReadOnlySpan<byte> kind)
    {
        while (!text.IsEmpty)
        {
            var line = TakeLine(ref text);
            if (!line.StartsWith(kind))
            {
                continue;
            }

            var (average, total) = (line.IndexOf("avg10="u8), line.IndexOf("total="u8));
            return average > 0 && total > 0
                && Utf8Parser.TryParse(line[(average + "avg10="u8.Length)..], out double percent, out _)
                && Utf8Parser.TryParse(line[(total + "total="u8.Length)..], out long microseconds, out _)
                    ? (percent / 100, microseconds * 1e-6)
                    : null;
        }

        return null;
    }

    /// <summary>Minor and major faults from <c>/proc/self/stat</c>; null if it has another form. The program's name in it may hold anything, so counting begins behind it.</summary>
    public static (long Minor, long Major)? FindFaults(ReadOnlySpan<byte> stat)
    {
        // Behind the name: state is field 3, minflt 10, majflt 12.
        const int FirstField = 3, Minor = 10, Major = 12;
        var rest = stat[(stat.LastIndexOf((byte)')') + 1)..].TrimStart((byte)' ');
        long? minor = null;
        for (var field = FirstField; field <= Major && !rest.IsEmpty; field++)
        {
            var end = rest.IndexOf((byte)' ');
            var word = end < 0 ? rest : rest[..end];
            if (field is Minor or Major)
            {
                if (!Utf8Parser.TryParse(word, out long value, out _))
                {
                    return null;
                }

                if (field == Major)
                {
                    return (minor!.Value, value);
                }

                minor = value;
            }

            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        return null;
    }

    /// <summary>The parts of a file that a process has mapped, from a line of <c>/proc/self/maps</c>; null if the line is of another file.</summary>
    /// <param name="line">Such as <c>7f01-7f02 r--p 00001000 08:01 1234  /path/to/it</c>.</param>
    /// <param name="path">Full path of the file.</param>
    public static AddressRange? FindMapping(ReadOnlySpan<char> line, ReadOnlySpan<char> path)
    {
        // Addresses, permissions, offset, device, inode; then blanks and the name, which may hold blanks of its own.
        const int FieldsBeforeName = 5;
        var name = line;
        for (var field = 0; field < FieldsBeforeName; field++)
        {
            name = name[Math.Max(0, name.IndexOf(' '))..].TrimStart(' ');
        }

        if (!name.SequenceEqual(path))
        {
            return null;
        }

        var dash = line.IndexOf('-');
        var blank = line.IndexOf(' ');
        return dash > 0 && blank > dash
            && long.TryParse(line[..dash], NumberStyles.AllowHexSpecifier, null, out var start)
            && long.TryParse(line[(dash + 1)..blank], NumberStyles.AllowHexSpecifier, null, out var end)
            && end > start
                ? new AddressRange(start, end - start)
                : null;
    }

    /// <summary>As <see cref="FindMapping"/>, but where in the file the part begins, instead of in memory.</summary>
    public static AddressRange? FindMappedPart(ReadOnlySpan<char> line, ReadOnlySpan<char> path)
    {
        // Addresses, permissions, offset.
        const int FieldsBeforeOffset = 2;
        if (FindMapping(line, path) is not { } mapping)
        {
            return null;
        }

        var offset = line;
        for (var field = 0; field < FieldsBeforeOffset; field++)
        {
            offset = offset[Math.Max(0, offset.IndexOf(' '))..].TrimStart(' ');
        }

        return offset.IndexOf(' ') is > 0 and var end && long.TryParse(offset[..end], NumberStyles.AllowHexSpecifier, null, out var start)
            ? new AddressRange(start, mapping.Length)
            : null;
    }

    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        var line = end < 0 ? text : text[..end];
        text = end < 0 ? [] : text[(end + 1)..];
        return line;
    }
}
