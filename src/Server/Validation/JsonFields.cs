using System.Globalization;
using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>
/// Reads the fields of one JSON object and reports what is wrong with them. Null and absent are the same; a field that is
/// wrong is reported and then read as absent, so that reading goes on and finds the other faults.
/// </summary>
/// <param name="Source">The object.</param>
/// <param name="Path">Its place in the body, empty for the body itself.</param>
/// <param name="Errors">Where faults go.</param>
internal readonly record struct JsonFields(JsonElement Source, string Path, RequestErrors Errors)
{
    // An answer shall not grow with the request.
    private const int MaxEcho = 64;

    /// <summary>The place of a field in the body, as error answers name it.</summary>
    public string PathOf(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    /// <summary>Any value; null when absent or null. If a key is there twice, the last one counts.</summary>
    public JsonElement? Any(string name) =>
        Source.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Reports a field that must be there and is not.</summary>
    public void Require(string name)
    {
        if (Any(name) is null)
        {
            Errors.Add(RequestError.Missing(PathOf(name)));
        }
    }

    /// <summary>A text that must be there; null if something is wrong with it.</summary>
    public string? RequiredText(string name)
    {
        Require(name);
        return Text(name);
    }

    /// <summary>An object that must be there; null if something is wrong with it.</summary>
    public JsonElement? RequiredObject(string name)
    {
        Require(name);
        return Object(name);
    }

    public string? Text(string name) =>
        Kind(name, "a string", JsonValueKind.String)?.GetString();

    public bool? Flag(string name)
    {
        var value = Kind(name, "a boolean", JsonValueKind.True, JsonValueKind.False);
        return value?.GetBoolean();
    }

    public JsonElement? Object(string name) => Kind(name, "an object", JsonValueKind.Object);

    public JsonElement? Array(string name) => Kind(name, "an array", JsonValueKind.Array);

    /// <summary>The items of an array that holds objects; none if it is absent. What is no object is reported and left out.</summary>
    public IEnumerable<JsonFields> Objects(string name) => Array(name) is { } array ? Objects(name, array) : [];

    /// <summary>The same, of an array that was read before.</summary>
    public IEnumerable<JsonFields> Objects(string name, JsonElement array)
    {
        var index = 0;
        foreach (var item in array.EnumerateArray())
        {
            var path = Item(PathOf(name), index++);
            if (item.ValueKind == JsonValueKind.Object)
            {
                yield return new JsonFields(item, path, Errors);
            }
            else
            {
                Errors.Add(RequestError.WrongType(path, "an object", Describe(item.ValueKind)));
            }
        }
    }

    /// <summary>The place of an array's item in the body.</summary>
    public static string Item(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");

    /// <summary>A number within a range, both ends included.</summary>
    public double? Number(string name, double min, double max)
    {
        if (Kind(name, "a number", JsonValueKind.Number) is not { } value)
        {
            return null;
        }

        var number = value.GetDouble();
        return InRange(name, number < min, number > max, value, min, max, "decimal") ? number : null;
    }

    /// <summary>A whole number within a range, both ends included; <c>5.0</c> counts as whole.</summary>
    public long? Integer(string name, long min, long max)
    {
        if (Kind(name, "an integer", JsonValueKind.Number) is not { } value)
        {
            return null;
        }

        if (!value.TryGetInt64(out var number))
        {
            var real = value.GetDouble();
            if (real != Math.Floor(real))
            {
                Errors.Add(RequestError.WrongType(PathOf(name), "an integer", "a decimal number"));
                return null;
            }

            // Beyond 64 bits, and so beyond every range below; the cast saturates.
            number = (long)real;
        }

        return InRange(name, number < min, number > max, value, min, max, "integer") ? number : null;
    }

    /// <summary>A value of one of the given kinds.</summary>
    /// <param name="name">The field.</param>
    /// <param name="expected">What was expected, with its article.</param>
    /// <param name="kinds">The kinds that will do.</param>
    public JsonElement? Kind(string name, string expected, params ReadOnlySpan<JsonValueKind> kinds)
    {
        if (Any(name) is not { } value)
        {
            return null;
        }

        if (kinds.Contains(value.ValueKind))
        {
            return value;
        }

        Errors.Add(RequestError.WrongType(PathOf(name), expected, Describe(value.ValueKind)));
        return null;
    }

    /// <summary>The kind of a value in words, with its article.</summary>
    public static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    /// <summary>A client's text for a message: whole if it is short, else its beginning.</summary>
    public static string Short(string text) => text.Length <= MaxEcho ? text : $"{text[..MaxEcho]}...";

    private bool InRange(string name, bool below, bool above, JsonElement value, IFormattable min, IFormattable max, string kind)
    {
        if (!below && !above)
        {
            return true;
        }

        var bound = below ? $">= {min.ToString(null, CultureInfo.InvariantCulture)}" : $"<= {max.ToString(null, CultureInfo.InvariantCulture)}";
        Errors.Add(RequestError.BadValue(
            PathOf(name),
            $"Invalid '{PathOf(name)}': {kind} {(below ? "below minimum" : "above maximum")} value. Expected a value {bound}, but got {Short(value.GetRawText())} instead.",
            below ? $"{kind}_below_min_value" : $"{kind}_above_max_value"));
        return false;
    }
}
