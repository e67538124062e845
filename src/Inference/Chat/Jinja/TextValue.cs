using System.Collections.Immutable;
using System.Text;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>
/// A text that knows who wrote each of its characters: the template or the request. Immutable. Offsets are UTF-16 units here;
/// Python counts code points, see <see cref="CodePoints"/>.
/// </summary>
internal sealed class TextValue : Value
{
    public static readonly TextValue Empty = OfTemplate("");

    // Offsets at which the author changes, ascending; empty when one author wrote all of it.
    private readonly int[] _borders;
    private readonly bool _startsWithTemplate;

    internal TextValue(string text, bool startsWithTemplate, int[] borders, bool isMarkup = false)
    {
        IsMarkup = isMarkup;
        Text = text;
        _startsWithTemplate = startsWithTemplate;
        _borders = borders;
    }

    public string Text { get; }

    /// <summary>True if no character came from the request.</summary>
    public bool IsTemplate => _startsWithTemplate && _borders.Length == 0;

    /// <summary>
    /// True for what the <c>safe</c> and <c>escape</c> filters give. As in Python, <c>+</c> escapes the HTML of what is added to it,
    /// which some templates do by accident and their models were trained on.
    /// </summary>
    public bool IsMarkup { get; }

    public override string TypeName => IsMarkup ? "Markup" : "str";

    public override bool IsTrue => Text.Length > 0;

    public static TextValue OfTemplate(string text) => new(text, startsWithTemplate: true, []);

    public static TextValue OfRequest(string text) => text.Length == 0 ? Empty : new(text, startsWithTemplate: false, []);

    public static TextValue Of(string text, bool fromTemplate) => fromTemplate ? OfTemplate(text) : OfRequest(text);

    /// <summary>The runs of one author within a range, in order.</summary>
    public IEnumerable<TextRun> Runs(int start, int length)
    {
        var end = start + length;
        var index = Array.BinarySearch(_borders, start);
        // Borders at or before start have been crossed.
        index = index >= 0 ? index + 1 : ~index;
        while (start < end)
        {
            var next = index < _borders.Length ? Math.Min(_borders[index], end) : end;
            yield return new TextRun(start, next - start, _startsWithTemplate ^ ((index & 1) == 1));
            start = next;
            index++;
        }
    }

    public TextValue Slice(int start, int length)
    {
        if (length <= 0)
        {
            return Empty;
        }

        if (length == Text.Length)
        {
            return this;
        }

        if (_borders.Length == 0)
        {
            return new TextValue(Text.Substring(start, length), _startsWithTemplate, [], IsMarkup);
        }

        var first = true;
        var startsWithTemplate = false;
        var borders = new List<int>();
        foreach (var run in Runs(start, length))
        {
            if (first)
            {
                startsWithTemplate = run.FromTemplate;
                first = false;
            }
            else
            {
                borders.Add(run.Start - start);
            }
        }

        return new TextValue(Text.Substring(start, length), startsWithTemplate, [.. borders], IsMarkup);
    }

    /// <summary>The same authors over another text of the same length.</summary>
    public TextValue WithText(string text)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(text.Length, Text.Length);
        return new TextValue(text, _startsWithTemplate, _borders, IsMarkup);
    }

    public TextValue AsMarkup() => IsMarkup ? this : new TextValue(Text, _startsWithTemplate, _borders, isMarkup: true);

    /// <summary>The text with what means something in HTML escaped, unless it is markup already. Escapes have the author of the character.</summary>
    public TextValue Escaped(RenderBudget budget)
    {
        if (IsMarkup)
        {
            return this;
        }

        var result = new TextBuilder(budget);
        foreach (var run in Runs(0, Text.Length))
        {
            var escaped = new StringBuilder(Text, run.Start, run.Length, run.Length * 2)
                .Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("'", "&#39;").Replace("\"", "&#34;");
            result.Append(escaped.ToString(), run.FromTemplate);
        }

        return result.ToText().AsMarkup();
    }

    public PromptText ToPrompt()
    {
        if (Text.Length == 0)
        {
            return new PromptText([]);
        }

        var segments = ImmutableArray.CreateBuilder<PromptSegment>(_borders.Length + 1);
        foreach (var run in Runs(0, Text.Length))
        {
            segments.Add(new PromptSegment(Text.Substring(run.Start, run.Length), run.FromTemplate));
        }

        return new PromptText(segments.MoveToImmutable());
    }
}

/// <summary>A range of a text, in UTF-16 units, that one author wrote.</summary>
internal readonly record struct TextRun(int Start, int Length, bool FromTemplate);
