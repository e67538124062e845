using System.Globalization;

namespace InferenceServer.Server.Validation;

/// <summary>Reads the query of a request. What is wrong is reported and then read as absent; the first fault counts.</summary>
/// <param name="query">The query.</param>
internal sealed class QueryFields(IQueryCollection query)
{
    /// <summary>What is wrong; null if nothing is so far.</summary>
    public RequestError? Error { get; private set; }

    /// <summary>A text; null if it is absent or empty.</summary>
    public string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool? Flag(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (bool.TryParse(text, out var flag))
        {
            return flag;
        }

        Error ??= RequestError.WrongType(name, "a boolean", "a string");
        return null;
    }

    /// <summary>A whole number within a range, both ends included.</summary>
    public int? Integer(string name, int min, int max)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            Error ??= RequestError.WrongType(name, "an integer", "a string");
            return null;
        }

        if (number < min || number > max)
        {
            Error ??= RequestError.BadValue(
                name,
                $"Invalid '{name}': expected a value from {min} to {max}, but got {JsonFields.Short(text)} instead.",
                number < min ? "integer_below_min_value" : "integer_above_max_value");
            return null;
        }

        return (int)number;
    }

    /// <summary>One of some words.</summary>
    public string? Word(string name, params ReadOnlySpan<string> words)
    {
        var text = Text(name);
        if (text is null || words.Contains(text))
        {
            return text;
        }

        Error ??= RequestError.BadValue(name, $"Invalid value: '{JsonFields.Short(text)}'. Supported values are: '{string.Join("', '", words.ToArray())}'.");
        return null;
    }
}
