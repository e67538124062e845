using System.Collections.Concurrent;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>The texts of the formats that can be enforced. Compiled on first use, kept for the process. Any thread.</summary>
internal static class StringFormats
{
    private const string Date =
        """(?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)""";

    // RFC 3339 wants the offset. Without leap seconds: hardly a reader takes them.
    private const string Time = """(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)""";

    // 253 characters at most: twelve labels of up to 20, or three of up to 63.
    private const string Hostname =
        """(?:(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,18}[A-Za-z0-9])?\.){0,11}[A-Za-z0-9](?:[A-Za-z0-9-]{0,18}[A-Za-z0-9])?|(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){0,2}[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)""";

    private const string Ipv4 = """(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)""";
    private const string Group = "[0-9A-Fa-f]{1,4}";

    private static readonly string Ipv6 = "(?:" + string.Join('|',
        [
            "::", $"(?:{Group}:){{7}}{Group}", $"(?:{Group}:){{6}}{Ipv4}", $"(?:{Group}:){{1,7}}:", $"::(?:{Group}:){{0,6}}{Group}", $"::(?:{Group}:){{0,5}}{Ipv4}",
            .. Enumerable.Range(1, 6).Select(count => $"(?:{Group}:){{{count}}}:(?:{Group}:){{0,{6 - count}}}{Group}"),
            .. Enumerable.Range(1, 4).Select(count => $"(?:{Group}:){{{count}}}:(?:{Group}:){{0,{4 - count}}}{Ipv4}"),
            $"(?:{Group}:){{5}}:{Ipv4}",
        ]) + ")";

    private const string Path = """(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})""";

    // Dot-atoms of at most 64 characters in all would need a count besides: up to three atoms of up to 20.
    private const string Email =
        """[A-Za-z0-9!#$%&'*+/=?^_`\{|\}~-]{1,20}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`\{|\}~-]{1,20}){0,2}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?\.){1,4}[A-Za-z](?:[A-Za-z0-9-]{0,20}[A-Za-z0-9])""";

    private const string TimeOfDuration = """T(?:\d{1,9}H(?:\d{1,9}M(?:\d{1,9}S)?)?|\d{1,9}M(?:\d{1,9}S)?|\d{1,9}S)""";

    private static readonly Dictionary<string, string> Patterns = new(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}[Tt]{Time}",
        ["duration"] = $"""P(?:\d{"{1,9}"}W|(?:\d{"{1,9}"}Y(?:\d{"{1,9}"}M(?:\d{"{1,9}"}D)?)?|\d{"{1,9}"}M(?:\d{"{1,9}"}D)?|\d{"{1,9}"}D)(?:{TimeOfDuration})?|{TimeOfDuration})""",
        ["uuid"] = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
        ["email"] = Email,
        ["hostname"] = Hostname,
        ["ipv4"] = Ipv4,
        ["ipv6"] = Ipv6,
        ["uri"] = $"""[A-Za-z][A-Za-z0-9+.-]*:(?://(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{"{2}"})*@)?(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{"{2}"})+(?::\d{"{1,5}"})?(?:/{Path}*)*|{Path}+(?:/{Path}*)*)(?:\?(?:{Path}|[/?])*)?(?:#(?:{Path}|[/?])*)?""",
    };

    private static readonly ConcurrentDictionary<string, TextDfa> Compiled = new(StringComparer.Ordinal);

    /// <summary>Names of all formats.</summary>
    public static IReadOnlyCollection<string> Names => Patterns.Keys;

    /// <summary>The texts of a format; null if it cannot be enforced.</summary>
    public static TextDfa? Find(string format) => Patterns.TryGetValue(format, out var pattern)
        ? Compiled.GetOrAdd(format, static (name, pattern) => RegexParser.Compile(pattern, searches: false, new CompileBudget(), name), pattern)
        : null;
}
