namespace InferenceServer.Inference.Models;

/// <summary>
/// A value of the header. Scalars are here; of an array only its place in the file is kept, as the arrays of a vocabulary
/// are most of a header and few of their elements are ever asked for.
/// </summary>
internal readonly record struct GgufValue
{
    /// <summary>Of the value, or of an array's elements.</summary>
    public required GgufValueType Type { get; init; }

    /// <summary>True if there are <see cref="Count"/> values at <see cref="Position"/>.</summary>
    public bool IsArray { get; init; }

    /// <summary>Array: number of elements.</summary>
    public long Count { get; init; }

    /// <summary>Array: where its first element is in the file.</summary>
    public long Position { get; init; }

    /// <summary>Text: the text; otherwise null.</summary>
    public string? Text { get; init; }

    /// <summary>Number or truth value, exact for all integers of up to 53 bits; NaN for texts and arrays.</summary>
    public double Number { get; init; }
}
