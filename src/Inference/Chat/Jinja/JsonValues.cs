using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Makes template values of a request's JSON. All text and all numbers in them are the request's.</summary>
internal static class JsonValues
{
    // Python reads integers of up to 4,300 digits; longer ones only keep their text.
    private const int MaxIntegerDigits = 4300;

    public static Value Of(JsonElement element)
    {
        RenderBudget.EnsureStack();
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var dict = new DictValue();
                foreach (var property in element.EnumerateObject())
                {
                    dict.Set(TextValue.OfRequest(Text(property, static p => p.Name)), Of(property.Value));
                }

                return dict;
            case JsonValueKind.Array:
                var items = new List<Value>(element.GetArrayLength());
                foreach (var item in element.EnumerateArray())
                {
                    items.Add(Of(item));
                }

                return new ListValue(items);
            case JsonValueKind.String:
                return TextValue.OfRequest(Text(element, static e => e.GetString()!));
            case JsonValueKind.Number:
                return Number(element.GetRawText());
            case JsonValueKind.True:
                return BoolValue.True;
            case JsonValueKind.False:
                return BoolValue.False;
            default:
                return NoneValue.Instance;
        }
    }

    private static NumberValue Number(string literal)
    {
        if (literal.Length <= MaxIntegerDigits && BigInteger.TryParse(literal, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
        {
            return new IntegerValue(integer, fromTemplate: false);
        }

        return new FloatValue(double.Parse(literal, NumberStyles.Float, CultureInfo.InvariantCulture), fromTemplate: false, literal);
    }

    // System.Text.Json keeps an escaped lone surrogate until somebody asks for the text.
    private static string Text<T>(T source, Func<T, string> read)
    {
        try
        {
            return read(source);
        }
        catch (InvalidOperationException)
        {
            throw new TemplateException("A string in the request is not valid Unicode.", TemplateErrorKind.Evaluation);
        }
    }
}
