using System.Text;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Joins texts and keeps their authors. Every character is paid for out of the budget.</summary>
internal sealed class TextBuilder(RenderBudget budget)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _borders = [];
    private bool _startsWithTemplate = true;
    private bool _endsWithTemplate = true;

    public int Length => _text.Length;

    public TextBuilder Append(ReadOnlySpan<char> text, bool fromTemplate)
    {
        if (text.IsEmpty)
        {
            return this;
        }

        budget.CheckLength((long)_text.Length + text.Length);
        budget.SpendText(text.Length);
        if (_text.Length == 0)
        {
            _startsWithTemplate = fromTemplate;
        }
        else if (fromTemplate != _endsWithTemplate)
        {
            _borders.Add(_text.Length);
        }

        _endsWithTemplate = fromTemplate;
        _text.Append(text);
        return this;
    }

    public TextBuilder Append(TextValue text) => Append(text, 0, text.Text.Length);

    public TextBuilder Append(TextValue text, int start, int length)
    {
        foreach (var run in text.Runs(start, length))
        {
            Append(text.Text.AsSpan(run.Start, run.Length), run.FromTemplate);
        }

        return this;
    }

    public TextValue ToText() => _text.Length == 0 ? TextValue.Empty : new TextValue(_text.ToString(), _startsWithTemplate, [.. _borders]);
}
