using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Engine;

/// <summary>From an input to its tokens, with what the model wants before, between and behind texts. Any thread; the work is done by the tokenizer's.</summary>
internal sealed class EmbeddingEncoder
{
    private readonly Tokenizer _tokenizer;
    private readonly int _maxTokens;
    private readonly int[] _before;
    private readonly int[] _between;
    private readonly int[] _behind;

    /// <param name="model">Whose vocabulary.</param>
    /// <param name="tokenizer">The same model's.</param>
    /// <param name="maxTokens">Tokens of an input at most.</param>
    public EmbeddingEncoder(LoadedModel model, Tokenizer tokenizer, int maxTokens)
    {
        _tokenizer = tokenizer;
        _maxTokens = maxTokens;

        // What the library puts around nothing is what it puts around a text: [CLS] and [SEP], or a beginning, or an end.
        Span<int> around = stackalloc int[8];
        var vocabulary = model.NativeVocabulary;
        var count = Math.Max(0, vocabulary.Tokenize([], around, addSpecial: true, parseSpecial: false));
        var numBefore = count > 0 && vocabulary.AddsBos && around[0] == vocabulary.Bos ? 1 : 0;
        _before = around[..numBefore].ToArray();
        _behind = around[numBefore..count].ToArray();

        // RoBERTa's pairs have an end and a separator between them; BERT's end is its separator.
        _between = vocabulary.AddsSeparator && vocabulary.Separator >= 0 && vocabulary.Kind != VocabularyKind.WordPiece ? [.. _behind, vocabulary.Separator] : _behind;
    }

    /// <summary>An input's tokens. They may be too many or none: the caller looks.</summary>
    public async ValueTask<int[]> EncodeAsync(EmbedInput input, CancellationToken cancellationToken)
    {
        if (input.Text is null)
        {
            return Cut(input, input.Tokens.ToArray(), behind: []);
        }

        var text = await _tokenizer.EncodeAsync(input.Text with { AddsSpecial = false }, cancellationToken).ConfigureAwait(false);
        if (!input.Text.AddsSpecial)
        {
            return Cut(input, text.ToArray(), behind: []);
        }

        if (input.Second is null)
        {
            return Cut(input, [.. _before, .. text.Span], _behind);
        }

        var second = await _tokenizer.EncodeAsync(input.Second with { AddsSpecial = false }, cancellationToken).ConfigureAwait(false);
        return Cut(input, [.. _before, .. text.Span, .. _between, .. second.Span], _behind);
    }

    private int[] Cut(EmbedInput input, int[] tokens, int[] behind)
    {
        var room = Math.Max(0, _maxTokens - behind.Length);
        return input.Truncate && tokens.Length > room ? [.. tokens.AsSpan(0, room), .. behind] : [.. tokens, .. behind];
    }
}
