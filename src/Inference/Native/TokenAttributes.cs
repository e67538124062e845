namespace InferenceServer.Inference.Native;

/// <summary><c>llama_token_attr</c>: what kind of token one is.</summary>
[Flags]
internal enum TokenAttributes
{
    /// <summary>A place in the vocabulary without meaning.</summary>
    None = 0,

    /// <summary>The token for what cannot be spelled.</summary>
    Unknown = 1 << 0,

    /// <summary>Reserved by the model's authors.</summary>
    Unused = 1 << 1,

    /// <summary>Ordinary text.</summary>
    Normal = 1 << 2,

    /// <summary>A marker that text never turns into: turn ends, roles.</summary>
    Control = 1 << 3,

    /// <summary>Text that is always this one token.</summary>
    UserDefined = 1 << 4,

    /// <summary>A single byte.</summary>
    Byte = 1 << 5,

    /// <summary>Matched in normalized text.</summary>
    Normalized = 1 << 6,

    /// <summary>Swallows white space before it.</summary>
    LStrip = 1 << 7,

    /// <summary>Swallows white space after it.</summary>
    RStrip = 1 << 8,

    /// <summary>Matched only as a whole word.</summary>
    SingleWord = 1 << 9,
}
