using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>Numbers with bounds and divisors.</summary>
internal static class NumberPiece
{
    // Multiples of a larger number are counted without a limit on digits: else there would be a state per remainder and digit.
    private const int MaxCountedDivisor = 2_000;

    /// <summary>The rule of the numbers that the parts allow.</summary>
    public static int RuleOf(SchemaParts parts, JsonEmitter json, CompileBudget budget, string place)
    {
        // What has an integer divisor is an integer.
        var isInteger = (parts.Types & JsonTypes.Fraction) == 0 || parts.Divisors.Count > 0;
        var divisors = parts.Divisors.Where(divisor => !divisor.IsOne).Distinct().ToList();
        if (parts.Minimum is null && parts.Maximum is null && divisors.Count == 0)
        {
            return isInteger ? json.Integer : json.Number;
        }

        return json.Rule($"number {isInteger} {parts.Minimum} {parts.Maximum} {string.Join(' ', divisors)}", (from, to) =>
        {
            var isUncounted = parts.Minimum is null && parts.Maximum is null && divisors.Exists(divisor => divisor > MaxCountedDivisor);
            var texts = isUncounted
                ? RegexParser.Compile("0|-?[1-9][0-9]*", searches: false, budget, place)
                : NumberTexts.InRange(isInteger, parts.Minimum, parts.Maximum, budget, place);
            foreach (var divisor in divisors)
            {
                texts = texts.Intersect(NumberTexts.MultiplesOf(divisor, budget, place), budget, place);
            }

            json.AddPlainText(from, texts, to);
        });
    }
}
