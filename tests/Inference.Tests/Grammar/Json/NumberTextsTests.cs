using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Json;

namespace InferenceServer.Inference.Tests.Grammar.Json;

public sealed class NumberTextsTests
{
    // Decimals compare exactly, so they are the judge.
    [Fact]
    public void InRange_RandomBoundsAndNumbers_AgreesWithDecimals()
    {
        var numbers = from whole in Gen.Choose(-2_000, 2_000) from scale in Gen.Choose(0, 3) select whole / (decimal)Math.Pow(10, scale);
        var cases = from low in numbers from width in numbers from excludesLow in ArbMap.Default.GeneratorFor<bool>() from excludesHigh in ArbMap.Default.GeneratorFor<bool>() select (low, high: low + Math.Abs(width), excludesLow, excludesHigh);
        var property = Prop.ForAll(Arb.From(cases), Arb.From(numbers.ListOf(40)), (range, values) =>
        {
            var low = DecimalBound.Parse(Text(range.low), range.excludesLow);
            var high = DecimalBound.Parse(Text(range.high), range.excludesHigh);
            var both = NumberTexts.InRange(false, low, high, new CompileBudget(), "");
            var integers = NumberTexts.InRange(true, low, high, new CompileBudget(), "");
            var above = NumberTexts.InRange(false, low, null, new CompileBudget(), "");
            var below = NumberTexts.InRange(false, null, high, new CompileBudget(), "");
            return values.Concat([range.low, range.high]).All(value =>
            {
                var isAbove = range.excludesLow ? value > range.low : value >= range.low;
                var isBelow = range.excludesHigh ? value < range.high : value <= range.high;
                var text = Text(value);
                return both.Contains(text) == (isAbove && isBelow)
                    && above.Contains(text) == isAbove
                    && below.Contains(text) == isBelow
                    && integers.Contains(text) == (isAbove && isBelow && !text.Contains('.', StringComparison.Ordinal));
            });
        });

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), property);
    }

    [Fact]
    public void MultiplesOf_EveryDivisor_AgreesWithRemainder()
    {
        for (var divisor = 1; divisor < 40; divisor++)
        {
            var texts = NumberTexts.MultiplesOf(divisor, new CompileBudget(), "");
            for (var value = -200; value <= 200; value++)
            {
                Assert.Equal(value % divisor == 0, texts.Contains(value.ToString(CultureInfo.InvariantCulture)));
            }

            Assert.False(texts.Contains(""));
            Assert.False(texts.Contains("-"));
        }
    }

    [Theory]
    [InlineData("1.50", "1", "5")]
    [InlineData("-0.001e2", "0", "1")]
    [InlineData("1.5e3", "1500", "")]
    [InlineData("0", "0", "")]
    public void Parse_Number_HasItsDigits(string text, string whole, string fraction)
    {
        var bound = DecimalBound.Parse(text, false)!.Value;

        Assert.Equal(whole, bound.WholeDigits);
        Assert.Equal(fraction, bound.FractionDigits);
    }

    private static string Text(decimal value) => (value == decimal.Truncate(value) ? decimal.Truncate(value) : value / 1.000000000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);
}
