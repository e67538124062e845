using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using InferenceServer.Inference.Engine;

namespace InferenceServer.Server.Streaming;

/// <summary>An answer on its way to <see cref="GeneratedTurns"/>. One thread at a time.</summary>
/// <param name="turns">Where it is kept.</param>
/// <param name="header">What the template wrote before it; null if the prompt does not end with the template's words: then it is not kept.</param>
internal sealed class GeneratedTurn(GeneratedTurns turns, string? header)
{
    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly ImmutableArray<int>.Builder _tokens = ImmutableArray.CreateBuilder<int>();
    private bool _isText = header is not null;
    private bool _hasEnded;

    /// <summary>The next token.</summary>
    public void Add(in GenerationEvent token)
    {
        // A control token between two texts is no text that a client could send back; one at the end is the template's to write.
        var isEnd = token.IsControl || token.EndsGeneration;
        _isText &= isEnd || !_hasEnded;
        _hasEnded |= isEnd;
        if (_isText && !isEnd)
        {
            _text.Write(token.Bytes.Span);
            _tokens.Add(token.TokenId);
        }
    }

    /// <summary>It is whole.</summary>
    public void Keep()
    {
        if (_isText && _tokens.Count > 0)
        {
            // The client was sent the same text, U+FFFD for what can be no character included: an answer cut at its length may end within one.
            turns.Keep(header!, Encoding.UTF8.GetString(_text.WrittenSpan), _tokens.ToImmutable());
        }
    }
}
