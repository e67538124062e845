namespace InferenceServer.Inference.Grammar.Json;

/// <summary>Kinds of JSON values.</summary>
[Flags]
internal enum JsonTypes
{
    /// <summary>No value at all.</summary>
    None = 0,

    /// <summary>null.</summary>
    Null = 1,

    /// <summary>true and false.</summary>
    Boolean = 2,

    /// <summary>Numbers without a fraction.</summary>
    Integer = 4,

    /// <summary>Numbers with a fraction.</summary>
    Fraction = 8,

    /// <summary>All numbers.</summary>
    Number = Integer | Fraction,

    /// <summary>Strings.</summary>
    String = 16,

    /// <summary>Arrays.</summary>
    Array = 32,

    /// <summary>Objects.</summary>
    Object = 64,

    /// <summary>Everything.</summary>
    All = Null | Boolean | Number | String | Array | Object,
}
