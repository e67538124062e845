using System.Buffers.Binary;

namespace InferenceServer.Inference.Models;

/// <summary>The first eight bytes of a file, and what they tell when they are not GGUF's.</summary>
internal static class GgufSignature
{
    private const uint OldestVersion = 2;
    private const uint NewestVersion = 3;

    // As little-endian numbers.
    private const uint Gguf = 0x4655_4747;
    private const uint GitLfs = 0x7372_6576;

    /// <summary>Reads magic and version; the reader's fault says what was wrong.</summary>
    public static void Check(GgufReader reader)
    {
        if (reader.Length == 0)
        {
            reader.Fail(ModelFileError.Truncated, "is empty");
            return;
        }

        var magic = reader.ReadUInt32("its first four bytes");
        if (reader.Fault is null && magic != Gguf)
        {
            reader.Fail(ModelFileError.NotGguf, $"is no GGUF file: {Describe(magic)}");
        }

        var version = reader.ReadUInt32("the version");
        if (reader.Fault is not null || version is >= OldestVersion and <= NewestVersion)
        {
            return;
        }

        reader.Fail(ModelFileError.UnsupportedVersion, (version & 0xFFFF) == 0 && version != 0
            ? $"is of the other byte order (GGUF version {BinaryPrimitives.ReverseEndianness(version)}): convert it for little-endian machines"
            : $"has GGUF version {version}; versions {OldestVersion} and {NewestVersion} can be read");
    }

    private static string Describe(uint magic) => magic switch
    {
        GitLfs => "it looks like a Git LFS pointer, so 'git lfs pull' should fetch the model",
        0x0403_4B50 => "it looks like a PyTorch checkpoint or another zip archive, which must be converted",
        0x6767_6A74 or 0x6767_6D66 or 0x6767_6D6C or 0x6767_6C61 => "it is of the format that llama.cpp used before GGUF and must be converted",
        _ when (magic & 0xFF) == '<' => "it looks like a web page, perhaps an error in place of a download",
        _ => $"it begins with {BinaryPrimitives.ReverseEndianness(magic):X8}",
    };
}
