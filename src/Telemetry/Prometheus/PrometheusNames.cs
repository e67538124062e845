using System.Text;

namespace InferenceServer.Telemetry.Prometheus;

/// <summary>
/// OpenTelemetry's names and units in Prometheus' form: the specification's rules for it (compatibility/prometheus_and_openmetrics.md).
/// Pure.
/// </summary>
internal static class PrometheusNames
{
    /// <summary>The name of a metric's family, with its unit but without <c>_total</c>.</summary>
    /// <param name="name">Dotted.</param>
    /// <param name="unit">As <see cref="ToUnit"/> gives it; null for none.</param>
    /// <param name="isCounter">A counter's own <c>_total</c> is not doubled.</param>
    public static string ToFamily(string name, string? unit, bool isCounter)
    {
        var family = Sanitize(name, mayHoldColons: true);
        if (isCounter && family.EndsWith("_total", StringComparison.Ordinal))
        {
            family = family[..^"_total".Length];
        }

        return unit is null || family == unit || family.EndsWith('_' + unit, StringComparison.Ordinal) ? family : $"{family}_{unit}";
    }

    /// <summary>The name of a label.</summary>
    public static string ToLabel(string key) => Sanitize(key, mayHoldColons: false);

    /// <summary>A UCUM unit as a suffix; null if there is none: no unit, a count of things in braces, or a ratio.</summary>
    public static string? ToUnit(string unit)
    {
        var plain = RemoveAnnotations(unit);
        var slash = plain.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return plain is "" or "1" ? null : ToWord(plain);
        }

        var (amount, per) = (plain[..slash], plain[(slash + 1)..]);
        return (amount, per) switch
        {
            (_, "") => amount is "" or "1" ? null : ToWord(amount),
            ("" or "1", _) => "per_" + ToSingular(per),
            _ => $"{ToWord(amount)}_per_{ToSingular(per)}",
        };
    }

    private static string RemoveAnnotations(string unit)
    {
        var plain = new StringBuilder(unit.Length);
        var depth = 0;
        foreach (var c in unit)
        {
            depth += c == '{' ? 1 : 0;
            if (depth == 0)
            {
                plain.Append(c);
            }

            depth -= c == '}' && depth > 0 ? 1 : 0;
        }

        return plain.ToString();
    }

    private static string ToWord(string unit) => unit switch
    {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "J" => "joules",
        "W" => "watts",
        "V" => "volts",
        "A" => "amperes",
        "Hz" => "hertz",
        "Cel" => "celsius",
        "%" => "percent",
        "m" => "meters",
        "g" => "grams",
        _ => Sanitize(unit, mayHoldColons: false).Trim('_'),
    };

    private static string ToSingular(string unit) => unit switch
    {
        "s" => "second",
        "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "By" => "byte",
        "J" => "joule",
        _ => Sanitize(unit, mayHoldColons: false).Trim('_'),
    };

    // Letters, digits, and one underscore for each run of anything else.
    private static string Sanitize(string text, bool mayHoldColons)
    {
        var name = new StringBuilder(text.Length + 1);
        if (text.Length == 0 || char.IsAsciiDigit(text[0]))
        {
            name.Append('_');
        }

        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || (c == ':' && mayHoldColons))
            {
                name.Append(c);
            }
            else if (name.Length == 0 || name[^1] != '_')
            {
                name.Append('_');
            }
        }

        return name.ToString();
    }
}
