using System.Globalization;
using System.Text;
using System.Text.Json;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>A parsed schema document, and what its references lead to. One thread.</summary>
internal sealed class SchemaDocument : IDisposable
{
    // A level of schema takes up to two levels of JSON ("properties", then the name).
    private const int MaxDepth = (2 * GrammarLimits.MaxNesting) + 2;

    private readonly JsonDocument _document;

    private SchemaDocument(JsonDocument document) => _document = document;

    /// <summary>The whole schema.</summary>
    public SchemaNode Root => new(_document.RootElement, "#");

    /// <summary>Parses and checks that all text is well-formed.</summary>
    /// <exception cref="GrammarException">Not JSON, or nested too deeply.</exception>
    public static SchemaDocument Parse(string text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text), new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException exception)
        {
            throw new GrammarException(
                GrammarErrorKind.Invalid, $"The schema is not JSON, or nested deeper than {MaxDepth} levels.", $"line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}");
        }

        try
        {
            CheckTexts(document.RootElement);
        }
        catch (InvalidOperationException)
        {
            document.Dispose();
            throw new GrammarException(GrammarErrorKind.Invalid, "Some text in the schema holds half a surrogate pair.", "#");
        }

        return new SchemaDocument(document);
    }

    /// <summary>What a reference leads to.</summary>
    /// <exception cref="GrammarException">It leads nowhere, or out of the document.</exception>
    public SchemaNode Resolve(string reference, string place)
    {
        if (!reference.StartsWith('#') || (reference.Length > 1 && reference[1] != '/'))
        {
            throw new GrammarException(GrammarErrorKind.Unsupported, $"The reference \"{reference}\" is not a JSON pointer into this schema.", place);
        }

        var node = Root;
        foreach (var raw in reference.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(raw).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var found = default(JsonElement);
            var isFound = node.Element.ValueKind switch
            {
                JsonValueKind.Object => node.Element.TryGetProperty(name, out found),
                JsonValueKind.Array => TryGetItem(node.Element, name, out found),
                _ => false,
            };
            node = isFound ? new SchemaNode(found, $"{node.Path}/{raw}") : throw new GrammarException(GrammarErrorKind.Invalid, $"The reference \"{reference}\" leads nowhere.", place);
        }

        return node;
    }

    public void Dispose() => _document.Dispose();

    private static bool TryGetItem(JsonElement array, string name, out JsonElement item)
    {
        var isFound = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < array.GetArrayLength();
        item = isFound ? array[index] : default;
        return isFound;
    }

    private static void CheckTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    CheckTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    CheckTexts(property.Value);
                }

                break;
        }
    }
}
