using System.Text;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Changes of case. Each keeps the authors character by character.</summary>
internal static class TextCase
{
    public static TextValue Lower(TextValue text) => text.WithText(text.Text.ToLowerInvariant());

    /// <summary>Upper case; the German sharp s becomes two letters, as in Python.</summary>
    public static TextValue Upper(TextValue text, RenderBudget budget)
    {
        if (!text.Text.Contains('ß', StringComparison.Ordinal))
        {
            return text.WithText(text.Text.ToUpperInvariant());
        }

        var result = new TextBuilder(budget);
        foreach (var run in text.Runs(0, text.Text.Length))
        {
            var part = text.Text.Substring(run.Start, run.Length).Replace("ß", "ss", StringComparison.Ordinal);
            result.Append(part.ToUpperInvariant(), run.FromTemplate);
        }

        return result.ToText();
    }

    public static TextValue Swap(TextValue text) =>
        Map(text, (character, _) => char.IsUpper(character) ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character));

    /// <summary>First character in upper case, the others in lower case.</summary>
    public static TextValue Capitalize(TextValue text) =>
        Map(text, (character, previous) => previous == '\0' ? char.ToUpperInvariant(character) : char.ToLowerInvariant(character));

    /// <summary>Python's <c>str.title</c>: a word starts after anything that is no letter.</summary>
    public static TextValue Title(TextValue text) =>
        Map(text, (character, previous) => char.IsLetter(previous) ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character));

    /// <summary>jinja2's <c>title</c> filter: a word starts after white space, a hyphen or an opening bracket.</summary>
    public static TextValue TitleWords(TextValue text) =>
        Map(text, (character, previous) => previous is '\0' or '-' or '(' or '{' or '[' or '<' || CodePoints.IsSpace(previous)
            ? char.ToUpperInvariant(character)
            : char.ToLowerInvariant(character));

    private static TextValue Map(TextValue text, Func<char, char, char> map)
    {
        var result = new StringBuilder(text.Text.Length);
        var previous = '\0';
        foreach (var character in text.Text)
        {
            result.Append(map(character, previous));
            previous = character;
        }

        return text.WithText(result.ToString());
    }
}
