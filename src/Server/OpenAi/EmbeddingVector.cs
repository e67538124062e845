using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>An embedding in the form that the client asked for.</summary>
/// <param name="Values">The numbers, all finite.</param>
/// <param name="IsBase64">
/// True: written as base64 of little-endian 32-bit floats, with its plus signs and slashes unescaped, since not every client reads escapes.
/// </param>
[JsonConverter(typeof(Converter))]
internal readonly record struct EmbeddingVector(ReadOnlyMemory<float> Values, bool IsBase64)
{
    /// <summary>Writes the value; for the generated code.</summary>
    internal sealed class Converter : JsonConverter<EmbeddingVector>
    {
        public override EmbeddingVector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Embeddings are only written.");

        public override void Write(Utf8JsonWriter writer, EmbeddingVector value, JsonSerializerOptions options)
        {
            if (!value.IsBase64)
            {
                writer.WriteStartArray();
                foreach (var number in value.Values.Span)
                {
                    writer.WriteNumberValue(number);
                }

                writer.WriteEndArray();
                return;
            }

            var bytes = new byte[value.Values.Length * sizeof(float)];
            for (var index = 0; index < value.Values.Length; index++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(index * sizeof(float)), value.Values.Span[index]);
            }

            writer.WriteBase64StringValue(bytes);
        }
    }
}
