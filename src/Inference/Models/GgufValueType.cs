namespace InferenceServer.Inference.Models;

/// <summary>Type of a header value; the numbers are the file format's.</summary>
internal enum GgufValueType : uint
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,

    /// <summary>A length of 64 bits and so many bytes.</summary>
    Text = 8,

    /// <summary>A type, a count of 64 bits and so many values; arrays of arrays do not exist.</summary>
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}
