using System.Collections.Immutable;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>A set of Unicode code points, surrogates never among them. Immutable; equal by content.</summary>
internal sealed class CodePointSet : IEquatable<CodePointSet>
{
    /// <summary>The last code point.</summary>
    public const int Max = 0x10FFFF;

    /// <summary>Every code point that text can hold.</summary>
    public static readonly CodePointSet All = Of((0, 0xD7FF), (0xE000, Max));

    /// <summary>Nothing.</summary>
    public static readonly CodePointSet Empty = new([]);

    private CodePointSet(ImmutableArray<(int Low, int High)> ranges) => Ranges = ranges;

    /// <summary>Ascending ranges that neither touch nor overlap.</summary>
    public ImmutableArray<(int Low, int High)> Ranges { get; }

    /// <summary>True if there is none.</summary>
    public bool IsEmpty => Ranges.IsEmpty;

    /// <summary>A set of ranges, in any order.</summary>
    public static CodePointSet Of(params ReadOnlySpan<(int Low, int High)> ranges) => Normalize([.. ranges]);

    /// <summary>A set of characters.</summary>
    public static CodePointSet OfCharacters(string characters) =>
        Normalize([.. characters.EnumerateRunes().Select(rune => (rune.Value, rune.Value))]);

    /// <summary>A set of ranges, in any order; surrogates are taken out.</summary>
    public static CodePointSet Normalize(IReadOnlyCollection<(int Low, int High)> ranges)
    {
        var parts = ranges
            .SelectMany(range => new[] { (range.Low, High: Math.Min(range.High, 0xD7FF)), (Low: Math.Max(range.Low, 0xE000), range.High) })
            .Where(range => range.Low <= range.High)
            .Order();
        var result = ImmutableArray.CreateBuilder<(int Low, int High)>(ranges.Count);
        foreach (var (low, high) in parts)
        {
            if (result.Count > 0 && low <= result[^1].High + 1)
            {
                result[^1] = (result[^1].Low, Math.Max(result[^1].High, high));
            }
            else
            {
                result.Add((low, high));
            }
        }

        return new CodePointSet(result.ToImmutable());
    }

    /// <summary>True if the code point is in the set.</summary>
    public bool Contains(int codePoint)
    {
        foreach (var (low, high) in Ranges)
        {
            if (codePoint <= high)
            {
                return low <= codePoint;
            }
        }

        return false;
    }

    /// <summary>What is in either.</summary>
    public CodePointSet Union(CodePointSet other) => Normalize([.. Ranges, .. other.Ranges]);

    /// <summary>What is in both.</summary>
    public CodePointSet Intersect(CodePointSet other)
    {
        var ranges = new List<(int, int)>();
        var (i, j) = (0, 0);
        while (i < Ranges.Length && j < other.Ranges.Length)
        {
            var (mine, theirs) = (Ranges[i], other.Ranges[j]);
            if (Math.Max(mine.Low, theirs.Low) <= Math.Min(mine.High, theirs.High))
            {
                ranges.Add((Math.Max(mine.Low, theirs.Low), Math.Min(mine.High, theirs.High)));
            }

            if (mine.High < theirs.High)
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return Normalize(ranges);
    }

    /// <summary>What is not in this one.</summary>
    public CodePointSet Complement()
    {
        var ranges = new List<(int, int)>();
        var from = 0;
        foreach (var (low, high) in Ranges)
        {
            ranges.Add((from, low - 1));
            from = high + 1;
        }

        ranges.Add((from, Max));
        return Normalize(ranges);
    }

    public bool Equals(CodePointSet? other) => other is not null && Ranges.AsSpan().SequenceEqual(other.Ranges.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as CodePointSet);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var range in Ranges)
        {
            hash.Add(range);
        }

        return hash.ToHashCode();
    }
}
