using System.Collections.Concurrent;
using System.Globalization;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>The characters of Unicode's general categories, by their short names. Any thread.</summary>
internal static class UnicodeCategories
{
    private static readonly ConcurrentDictionary<string, CodePointSet> Known = new(StringComparer.Ordinal);

    // In the order of UnicodeCategory.
    private static readonly string[] Names =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    /// <summary>The characters of a category (<c>Lu</c>) or of a group of them (<c>L</c>); null if there is none of that name.</summary>
    public static CodePointSet? Find(string name)
    {
        name = name switch { "Letter" => "L", "Number" => "N", "Punctuation" => "P", "Symbol" => "S", "Uppercase_Letter" => "Lu", "Lowercase_Letter" => "Ll", _ => name };
        return Known.TryGetValue(name, out var known) ? known
            : name.Length is 1 or 2 && Names.Any(category => category.StartsWith(name, StringComparison.Ordinal)) ? Known.GetOrAdd(name, Scan)
            : null;
    }

    // Some 10 ms, once.
    private static CodePointSet Scan(string name)
    {
        var ranges = new List<(int Low, int High)>();
        var start = -1;
        for (var codePoint = 0; codePoint <= CodePointSet.Max + 1; codePoint++)
        {
            var isMember = codePoint <= CodePointSet.Max && Names[(int)CharUnicodeInfo.GetUnicodeCategory(codePoint)].StartsWith(name, StringComparison.Ordinal);
            if (isMember && start < 0)
            {
                start = codePoint;
            }
            else if (!isMember && start >= 0)
            {
                ranges.Add((start, codePoint - 1));
                start = -1;
            }
        }

        return CodePointSet.Normalize(ranges);
    }
}
