using System.Text;

namespace InferenceServer.Inference.Native;

/// <summary><c>llama_model_kv_override</c> of v0.4.0: replaces one value of a model file's header while it is loaded.</summary>
internal unsafe struct LlamaKeyValueOverride
{
    /// <summary>Tag of a string value (<c>LLAMA_KV_OVERRIDE_TYPE_STR</c>); the other tags are not used.</summary>
    private const int StringTag = 3;

    /// <summary>Bytes of <see cref="Key"/> and <see cref="Value"/>, the final zero included.</summary>
    private const int TextSize = 128;

    public int Tag;
    public fixed byte Key[TextSize];

    // The C union holds an int64 and a double too, so it starts at a multiple of eight: 136, after four bytes of nothing.
    private readonly int _padding;
    public fixed byte Value[TextSize];

    /// <summary>A string value. Both texts are at most 127 bytes of UTF-8.</summary>
    public static LlamaKeyValueOverride String(string key, string value)
    {
        var result = new LlamaKeyValueOverride { Tag = StringTag };
        Encoding.UTF8.GetBytes(key, new Span<byte>(result.Key, TextSize - 1));
        Encoding.UTF8.GetBytes(value, new Span<byte>(result.Value, TextSize - 1));
        return result;
    }
}
