using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace InferenceServer.Server.OpenAi;

/// <summary>Answer of <c>POST /tokenize</c>.</summary>
internal sealed record TokenizeResponse
{
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>How many there are.</summary>
    public required int Count { get; init; }

    /// <summary>Tokens that one request may use.</summary>
    public required int MaxModelLen { get; init; }

    /// <summary>Text of each token, if it was asked for; what is no whole character is U+FFFD.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? TokenStrs { get; init; }
}

/// <summary>Answer of <c>POST /tokenize</c> with pieces.</summary>
internal sealed record TokenizePiecesResponse
{
    public required IReadOnlyList<TokenWithPiece> Tokens { get; init; }

    /// <summary>How many there are.</summary>
    public required int Count { get; init; }

    /// <summary>Tokens that one request may use.</summary>
    public required int MaxModelLen { get; init; }
}

/// <summary>A token and what it stands for.</summary>
internal sealed record TokenWithPiece(int Id, PieceText Piece);

/// <summary>What a token stands for: written as text if it is text, else as an array of its bytes.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct PieceText(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Writes the value; for the generated code.</summary>
    internal sealed class Converter : JsonConverter<PieceText>
    {
        public override PieceText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Pieces are only written.");

        public override void Write(Utf8JsonWriter writer, PieceText value, JsonSerializerOptions options)
        {
            if (Utf8.IsValid(value.Bytes.Span))
            {
                writer.WriteStringValue(value.Bytes.Span);
                return;
            }

            writer.WriteStartArray();
            foreach (var unit in value.Bytes.Span)
            {
                writer.WriteNumberValue(unit);
            }

            writer.WriteEndArray();
        }
    }
}

/// <summary>Answer of <c>POST /detokenize</c>: the text under both servers' names.</summary>
internal sealed record DetokenizeResponse(string Content, string Prompt);
