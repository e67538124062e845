using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>Adds characters and texts to an automaton as the bytes of their UTF-8 form. One thread.</summary>
internal sealed class Utf8Emitter(AutomatonBuilder builder)
{
    /// <summary>Adds edges that take one character of a set.</summary>
    public void AddCharacter(int from, CodePointSet set, int to)
    {
        foreach (var (low, high) in set.Ranges)
        {
            AddLength(1, 0, 0x7F, [7]);
            AddLength(2, 0x80, 0x7FF, [5, 6]);
            AddLength(3, 0x800, 0xFFFF, [4, 6, 6]);
            AddLength(4, 0x10000, CodePointSet.Max, [3, 6, 6, 6]);

            void AddLength(int length, int first, int last, ReadOnlySpan<int> bits)
            {
                var (from1, to1) = (Math.Max(low, first), Math.Min(high, last));
                if (from1 <= to1)
                {
                    int lead = length switch { 1 => 0, 2 => 0xC0, 3 => 0xE0, _ => 0xF0 };
                    DigitRanges.Visit(from1, to1, bits, digits => AddSequence(from, digits, lead, to));
                }
            }
        }
    }

    /// <summary>Adds states that take any text of a set.</summary>
    public void AddText(int from, TextDfa texts, int to) => TextStates.Add(builder, from, texts, to, AddCharacter);

    private void AddSequence(int from, (int Low, int High)[] digits, int lead, int to)
    {
        for (var i = 0; i < digits.Length; i++)
        {
            var next = i == digits.Length - 1 ? to : builder.AddState();
            var marker = i == 0 ? lead : 0x80;
            builder.AddBytes(from, marker | digits[i].Low, marker | digits[i].High, next);
            from = next;
        }
    }
}
