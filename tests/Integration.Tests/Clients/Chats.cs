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

    /// <summary>
    /// A list of four said over and over, which the embedded model goes on saying: each token is over five times as likely as the next, so rounding, which depends on who shares a step,
    /// does not decide. Not all lists are like that: after "eight, nine, ten, eleven" it is a close call.
    /// </summary>
    /// <param name="index">Which of eight.</param>
    /// <param name="numRepeats">So many times, some nine tokens each.</param>
    public static string List(int index, int numRepeats)
    {
        string[] lists =
        [
            "three, four, five, six,", "four, five, six, seven,", "five, six, seven, eight,", "six, seven, eight, nine,",
            "seven, eight, nine, ten,", "eight, seven, six, five,", "red, green, blue, white,", "spring, summer, autumn, winter,",
        ];
        return string.Join(' ', Enumerable.Repeat(lists[index], numRepeats));
    }

    /// <summary>About as many words as asked for, different for every seed.</summary>
    public static string Words(int count, int seed)
    {
        string[] words = ["river", "mountain", "window", "garden", "letter", "ocean", "bridge", "market", "winter", "candle", "forest", "harbor", "engine", "silver"];
        var random = new Random(seed);
        return string.Join(' ', Enumerable.Range(0, count).Select(_ => words[random.Next(words.Length)]));
    }
}
