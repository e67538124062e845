using System.Numerics;
using System.Text.Json;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>What a set of schemas asks for together, references and allOf resolved. Filled by a <see cref="SchemaReader"/>.</summary>
internal sealed class SchemaParts
{
    /// <summary>Kinds that all allow. Where nobody names one, those that the keywords are about, else all.</summary>
    public JsonTypes Types => IsTyped || AboutTypes == JsonTypes.None ? NamedTypes : AboutTypes;

    /// <summary>Kinds that all <c>type</c> keywords allow.</summary>
    public JsonTypes NamedTypes { get; set; } = JsonTypes.All;

    /// <summary>True: some schema has a <c>type</c>.</summary>
    public bool IsTyped { get; set; }

    /// <summary>Kinds that some keyword restricts.</summary>
    public JsonTypes AboutTypes { get; set; }

    /// <summary>True: no value fits.</summary>
    public bool IsNever { get; set; }

    /// <summary>The only values, before anything else is asked of them; null: any.</summary>
    public List<JsonElement>? Values { get; set; }

    /// <summary>Alternatives of which one has to fit too, not chosen yet.</summary>
    public List<(string Path, bool IsExclusive, List<SchemaNode> Options)> Alternatives { get; } = [];

    /// <summary>Lower bound of numbers.</summary>
    public DecimalBound? Minimum { get; set; }

    /// <summary>Upper bound of numbers.</summary>
    public DecimalBound? Maximum { get; set; }

    /// <summary>Integers that divide numbers.</summary>
    public List<BigInteger> Divisors { get; } = [];

    /// <summary>Characters of a string at least.</summary>
    public int MinLength { get; set; }

    /// <summary>Characters of a string at most; null: any number.</summary>
    public int? MaxLength { get; set; }

    /// <summary>Patterns that a string contains, each with its place.</summary>
    public List<(string Pattern, string Place)> Patterns { get; } = [];

    /// <summary>Formats of a string.</summary>
    public SortedSet<string> Formats { get; } = new(StringComparer.Ordinal);

    /// <summary>What the schemas say of items.</summary>
    public List<ArrayKeywords> Arrays { get; } = [];

    /// <summary>Items at least.</summary>
    public int MinItems { get; set; }

    /// <summary>Items at most; null: any number.</summary>
    public int? MaxItems { get; set; }

    /// <summary>What the schemas say of members.</summary>
    public List<ObjectKeywords> Objects { get; } = [];

    /// <summary>Names that have to be there, in the order they were asked for.</summary>
    public OrderedDictionary<string, string> Required { get; } = new(StringComparer.Ordinal);

    /// <summary>Members at least, with the keyword's place; null: not said.</summary>
    public (int Count, string Place)? MinProperties { get; set; }

    /// <summary>Members at most, with the keyword's place; null: not said.</summary>
    public (int Count, string Place)? MaxProperties { get; set; }
}
