using System.Text;

namespace InferenceServer.Bench.Load;

/// <summary>
/// Text of a given length that never repeats: random common words from a seed. Two of them share at most a word or two at their
/// beginning, so a server can reuse nothing of one for the other. Not for several threads at a time.
/// </summary>
internal sealed class Prompts(int seed)
{
    private static readonly string[] Words =
    [
        "time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world", "school", "state", "family",
        "student", "group", "country", "problem", "hand", "part", "place", "case", "week", "company", "system", "program",
        "question", "work", "government", "number", "night", "point", "home", "water", "room", "mother", "area", "money", "story",
        "fact", "month", "lot", "right", "study", "book", "eye", "job", "word", "business", "issue", "side", "kind", "head",
        "house", "service", "friend", "father", "power", "hour", "game", "line", "end", "member", "law", "car", "city", "community",
        "name", "president", "team", "minute", "idea", "body", "information", "back", "parent", "face", "others", "level", "office",
        "door", "health", "person", "art", "war", "history", "party", "result", "change", "morning", "reason", "research", "girl",
        "guy", "moment", "air", "teacher", "force", "education", "river", "street", "paper", "garden", "market", "island",
    ];

    private readonly Random _random = new(seed);

    /// <summary>So many words.</summary>
    public string Next(int numWords)
    {
        var text = new StringBuilder(numWords * 7);
        for (var i = 0; i < numWords; i++)
        {
            text.Append(i == 0 ? "" : " ").Append(Words[_random.Next(Words.Length)]);
        }

        return text.ToString();
    }
}
