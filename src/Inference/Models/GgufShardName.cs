using System.Globalization;
using System.Text.RegularExpressions;

namespace InferenceServer.Inference.Models;

/// <summary>The name of one of several files that make a model: <c>NAME-00002-of-00005.gguf</c>.</summary>
/// <param name="Prefix">Path up to the number.</param>
/// <param name="Number">From 1.</param>
/// <param name="Count">How many there are.</param>
public sealed partial record GgufShardName(string Prefix, int Number, int Count)
{
    /// <summary>Takes a path apart; null if it is not named as a shard.</summary>
    public static GgufShardName? Parse(string path) => Pattern().Match(path) is { Success: true } match
        ? new GgufShardName(
            match.Groups[1].Value,
            int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture))
        : null;

    /// <summary>The path of another one of them.</summary>
    public string PathOf(int number) => $"{Prefix}-{number:00000}-of-{Count:00000}.gguf";

    [GeneratedRegex(@"\A(.+)-([0-9]{5})-of-([0-9]{5})\.gguf\z", RegexOptions.Singleline)]
    private static partial Regex Pattern();
}
