using System.Text.Json;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>Adds the keywords of one schema object to the parts of a set. One use, one thread.</summary>
internal sealed class SchemaKeywords(SchemaNode node, SchemaParts parts, SchemaIssues issues)
{
    // Of OpenAPI: how a program keeps the number, nothing about the text.
    private static readonly HashSet<string> NumberFormats = new(StringComparer.Ordinal) { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double" };

    private ObjectKeywords? _object;
    private ArrayKeywords? _array;
    private SchemaNode? _additionalItems;
    private bool _hasTuple;

    /// <summary>Adds a keyword; false if it is not one about values.</summary>
    /// <exception cref="GrammarException">Its value is not one that it can have, or under strict cannot be enforced.</exception>
    public bool TryAdd(string name, JsonElement value, string place)
    {
        switch (name)
        {
            case "type":
                parts.NamedTypes &= ReadTypes(value, place);
                parts.IsTyped = true;
                return true;
            case "enum":
                Check(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0, "\"enum\" is a list of at least one value.", place);
                KeepValues([.. value.EnumerateArray()]);
                return true;
            case "const":
                KeepValues([value]);
                return true;
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf":
                parts.AboutTypes |= JsonTypes.Number;
                AddNumber(name, value, place);
                return true;
            case "format" when value.ValueKind == JsonValueKind.String && NumberFormats.Contains(value.GetString()!):
                return true;
            case "minLength" or "maxLength" or "pattern" or "format":
                parts.AboutTypes |= JsonTypes.String;
                AddString(name, value, place);
                return true;
            case "items" or "prefixItems" or "additionalItems" or "minItems" or "maxItems" or "uniqueItems":
                parts.AboutTypes |= JsonTypes.Array;
                AddArray(name, value, place);
                return true;
            case "properties" or "patternProperties" or "additionalProperties" or "required" or "minProperties" or "maxProperties":
                parts.AboutTypes |= JsonTypes.Object;
                AddObject(name, value, place);
                return true;
            default:
                return false;
        }
    }

    /// <summary>To be called after the last keyword.</summary>
    public void Finish()
    {
        if (_hasTuple && _additionalItems is { } additional)
        {
            _array!.Items = additional;
        }

        if (_array is not null)
        {
            parts.Arrays.Add(_array);
        }

        if (_object is not null)
        {
            parts.Objects.Add(_object);
        }
    }

    /// <summary>The kind of a value.</summary>
    public static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        JsonValueKind.Object => JsonTypes.Object,
        _ => DecimalBound.Parse(value.GetRawText(), false) is { IsInteger: true } ? JsonTypes.Integer : JsonTypes.Fraction,
    };

    private static JsonTypes ReadTypes(JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            Check(value.GetArrayLength() > 0, "\"type\" is a name or a list of at least one.", place);
            return value.EnumerateArray().Aggregate(JsonTypes.None, (types, item) => types | ReadTypes(item, place));
        }

        return (value.ValueKind == JsonValueKind.String ? value.GetString() : null) switch
        {
            "null" => JsonTypes.Null,
            "boolean" => JsonTypes.Boolean,
            "integer" => JsonTypes.Integer,
            "number" => JsonTypes.Number,
            "string" => JsonTypes.String,
            "array" => JsonTypes.Array,
            "object" => JsonTypes.Object,
            _ => throw Invalid("Unknown type.", place),
        };
    }

    private void KeepValues(List<JsonElement> values) =>
        parts.Values = parts.Values is { } known ? [.. known.Where(value => values.Any(other => JsonElement.DeepEquals(value, other)))] : values;

    private void AddNumber(string name, JsonElement value, string place)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False && name.StartsWith("exclusive", StringComparison.Ordinal))
        {
            // Draft 4: it belongs to "minimum" or "maximum".
            var bound = name == "exclusiveMinimum" ? "minimum" : "maximum";
            if (value.GetBoolean() && node.Element.TryGetProperty(bound, out var number))
            {
                AddBound(name, number, isLower: bound == "minimum", isExclusive: true, place);
            }

            return;
        }

        if (name != "multipleOf")
        {
            AddBound(name, value, name.EndsWith("inimum", StringComparison.Ordinal), name.StartsWith("exclusive", StringComparison.Ordinal), place);
            return;
        }

        var divisor = ReadNumber(name, value, isExclusive: false, place);
        Check(divisor.Sign > 0, "\"multipleOf\" is greater than 0.", place);
        if (divisor.IsInteger)
        {
            parts.Divisors.Add(divisor.Unscaled);
        }
        else
        {
            issues.Unsupported("\"multipleOf\" can be enforced for integers only.", place);
        }
    }

    private void AddBound(string name, JsonElement value, bool isLower, bool isExclusive, string place)
    {
        var bound = ReadNumber(name, value, isExclusive, place);
        if (isLower)
        {
            parts.Minimum = DecimalBound.Higher(parts.Minimum, bound);
        }
        else
        {
            parts.Maximum = DecimalBound.Lower(parts.Maximum, bound);
        }
    }

    private static DecimalBound ReadNumber(string name, JsonElement value, bool isExclusive, string place)
    {
        Check(value.ValueKind == JsonValueKind.Number, $"\"{name}\" is a number.", place);
        return DecimalBound.Parse(value.GetRawText(), isExclusive) ?? throw Invalid($"\"{name}\" is too large or too long a number.", place);
    }

    private void AddString(string name, JsonElement value, string place)
    {
        switch (name)
        {
            case "minLength":
                parts.MinLength = Math.Max(parts.MinLength, ReadCount(name, value, place));
                break;
            case "maxLength":
                parts.MaxLength = Math.Min(parts.MaxLength ?? int.MaxValue, ReadCount(name, value, place));
                break;
            default:
                Check(value.ValueKind == JsonValueKind.String, $"\"{name}\" is a string.", place);
                if (name == "pattern")
                {
                    parts.Patterns.Add((value.GetString()!, place));
                }
                else if (StringFormats.Names.Contains(value.GetString()!))
                {
                    parts.Formats.Add(value.GetString()!);
                }
                else
                {
                    issues.Unsupported($"The format \"{value.GetString()}\" cannot be enforced.", place);
                }

                break;
        }
    }

    private void AddArray(string name, JsonElement value, string place)
    {
        _array ??= new ArrayKeywords();
        switch (name)
        {
            case "items" when value.ValueKind == JsonValueKind.Array: // until draft 2019-09
            case "prefixItems":
                Check(value.ValueKind == JsonValueKind.Array, "\"prefixItems\" is a list of schemas.", place);
                _hasTuple |= name == "items";
                _array.Prefix.AddRange(value.EnumerateArray().Select((item, index) => node.At(name, index, item)));
                break;
            case "items":
                _array.Items = node.At(name, value);
                break;
            case "additionalItems":
                _additionalItems = node.At(name, value);
                break;
            case "minItems":
                parts.MinItems = Math.Max(parts.MinItems, ReadCount(name, value, place));
                break;
            case "maxItems":
                parts.MaxItems = Math.Min(parts.MaxItems ?? int.MaxValue, ReadCount(name, value, place));
                break;
            default:
                if (value.ValueKind != JsonValueKind.False)
                {
                    issues.Unsupported("The keyword \"uniqueItems\" cannot be enforced.", place);
                }

                break;
        }
    }

    private void AddObject(string name, JsonElement value, string place)
    {
        _object ??= new ObjectKeywords();
        switch (name)
        {
            case "properties":
                Check(value.ValueKind == JsonValueKind.Object, "\"properties\" is an object of schemas.", place);
                foreach (var property in value.EnumerateObject())
                {
                    _object.Properties[property.Name] = node.At(name, property.Name, property.Value);
                }

                break;
            case "patternProperties":
                Check(value.ValueKind == JsonValueKind.Object, "\"patternProperties\" is an object of schemas.", place);
                _object.Patterns.AddRange(value.EnumerateObject().Select(property => (property.Name, node.At(name, property.Name, property.Value))));
                break;
            case "additionalProperties":
                _object.Additional = node.At(name, value);
                break;
            case "required":
                Check(value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String), "\"required\" is a list of names.", place);
                foreach (var item in value.EnumerateArray())
                {
                    parts.Required.TryAdd(item.GetString()!, place);
                }

                break;
            case "minProperties":
                parts.MinProperties = (Math.Max(parts.MinProperties?.Count ?? 0, ReadCount(name, value, place)), place);
                break;
            default:
                parts.MaxProperties = (Math.Min(parts.MaxProperties?.Count ?? int.MaxValue, ReadCount(name, value, place)), place);
                break;
        }
    }

    private static int ReadCount(string name, JsonElement value, string place)
    {
        Check(value.ValueKind == JsonValueKind.Number, $"\"{name}\" is a number.", place);
        var number = DecimalBound.Parse(value.GetRawText(), false);
        Check(number is { IsInteger: true, Sign: >= 0 }, $"\"{name}\" is an integer of at least 0.", place);
        return number!.Value.Unscaled > int.MaxValue ? int.MaxValue : (int)number.Value.Unscaled;
    }

    private static void Check(bool isRight, string message, string place)
    {
        if (!isRight)
        {
            throw Invalid(message, place);
        }
    }

    private static GrammarException Invalid(string message, string place) => new(GrammarErrorKind.Invalid, message, place);
}
