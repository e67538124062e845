using System.Runtime.CompilerServices;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>What is left of one render's <see cref="RenderLimits"/>. Used by one thread.</summary>
internal sealed class RenderBudget(RenderLimits limits)
{
    private const int CharactersPerStep = 8;

    private long _steps = limits.MaxSteps;
    private int _depth;

    /// <summary>Pays for <paramref name="steps"/> evaluated nodes or touched elements.</summary>
    public void Spend(long steps = 1)
    {
        _steps -= steps;
        if (_steps < 0)
        {
            throw Exceeded($"The chat template needs more than {limits.MaxSteps} steps.");
        }
    }

    /// <summary>Pays for reading or making a text of <paramref name="length"/> characters, and refuses one that is too long.</summary>
    public void SpendText(long length)
    {
        CheckLength(length);
        Spend(1 + (length / CharactersPerStep));
    }

    /// <summary>Refuses a text of more than the allowed length, before it is made.</summary>
    public void CheckLength(long length)
    {
        if (length > limits.MaxTextLength)
        {
            throw Exceeded($"The chat template makes a text of more than {limits.MaxTextLength} characters.");
        }
    }

    /// <summary>Pays for touching a value once, in proportion to its own size (not that of what it holds).</summary>
    public void SpendValue(Value value)
    {
        switch (value)
        {
            case TextValue text:
                SpendText(text.Text.Length);
                break;
            case ListValue list:
                Spend(1 + list.Items.Count);
                break;
            case DictValue dict:
                Spend(1 + dict.Count);
                break;
            default:
                Spend();
                break;
        }
    }

    /// <summary>Enters a macro, a recursive loop or a nested value; every call is followed by <see cref="Leave"/>.</summary>
    public void Enter()
    {
        if (++_depth > limits.MaxDepth)
        {
            throw TooDeep();
        }

        EnsureStack();
    }

    public void Leave() => _depth--;

    /// <summary>Refuses to go deeper when this thread's stack is nearly used up, whatever the reason.</summary>
    public static void EnsureStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TooDeep();
        }
    }

    private static TemplateException TooDeep() => Exceeded("The chat template nests too deeply.");

    private static TemplateException Exceeded(string message) => new(message, TemplateErrorKind.LimitExceeded);
}
