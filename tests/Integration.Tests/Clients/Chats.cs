namespace InferenceServer.Integration.Tests.Clients;

/// <summary>
/// Requests that the embedded model answers dependably: the question for the capital leaves it no close call (each token is over four times as likely as the next), so that another
/// processor's rounding does not change the answer. "What is the capital of France?" is answered in French by some.
/// </summary>
internal static class Chats
{
    public const string System = "You are a helpful assistant.";
    public const string CapitalQuestion = "Name the capital of France.";
    public const string ParisQuestion = "Where is Paris?";

    /// <summary>A request body, to be changed with <c>with</c>-like overrides by the caller.</summary>
    public static Dictionary<string, object?> Capital(params (string Key, object? Value)[] more) => Body(CapitalQuestion, more);

    public static Dictionary<string, object?> Body(string question, params (string Key, object? Value)[] more)
    {
        var body = new Dictionary<string, object?>
        {
            ["messages"] = new object[] { new { role = "system", content = System }, new { role = "user", content = question } },
            ["temperature"] = 0,
        };
        foreach (var (key, value) in more)
        {
            body[key] = value;
        }

        return body;
    }

    /// <summary>About as many words as asked for, different for every seed.</summary>
    public static string Words(int count, int seed)
    {
        string[] words = ["river", "mountain", "window", "garden", "letter", "ocean", "bridge", "market", "winter", "candle", "forest", "harbor", "engine", "silver"];
        var random = new Random(seed);
        return string.Join(' ', Enumerable.Range(0, count).Select(_ => words[random.Next(words.Length)]));
    }
}
