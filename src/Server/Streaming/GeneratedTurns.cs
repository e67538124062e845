using System.Collections.Immutable;
using InferenceServer.Inference.Models;
using Microsoft.Extensions.Caching.Memory;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// The answers of late, as the tokens that the model picked. A conversation comes back with its answers as text, which may encode to other tokens than those whose KV is cached: an
/// answer that is found here is given to the engine as it was generated, so that the next turn computes only what is new in it. The least recently used are forgotten. Any thread.
/// </summary>
internal sealed class GeneratedTurns : IDisposable
{
    // Tokens; with their text about 8 MB. The answers of a few hundred conversations.
    private const int MaxTokens = 1_000_000;

    private readonly MemoryCache _turns = new(new MemoryCacheOptions { SizeLimit = MaxTokens });

    /// <summary>An answer to a prompt begins.</summary>
    public GeneratedTurn Begin(PromptText prompt) => new(this, prompt.Segments is [.., { FromTemplate: true } last] ? last.Text : null);

    /// <summary>The prompt, with the tokens of those answers in it that were generated here.</summary>
    public PromptText Recall(PromptText prompt)
    {
        ImmutableArray<PromptSegment>.Builder? segments = null;
        for (var i = 1; i < prompt.Segments.Length; i++)
        {
            var segment = prompt.Segments[i];
            if (!segment.FromTemplate && _turns.TryGetValue(new Key(prompt.Segments[i - 1].Text, segment.Text), out ImmutableArray<int> tokens))
            {
                segments ??= prompt.Segments.ToBuilder();
                segments[i] = segment with { Tokens = tokens };
            }
        }

        return segments is null ? prompt : prompt with { Segments = segments.ToImmutable() };
    }

    /// <summary>Keeps an answer.</summary>
    /// <param name="header">What the template wrote before it. The same text after another header is no answer of the model, or its first tokens may be others.</param>
    /// <param name="text">Its text.</param>
    /// <param name="tokens">Its tokens.</param>
    public void Keep(string header, string text, ImmutableArray<int> tokens) =>
        _turns.Set(new Key(header, text), tokens, new MemoryCacheEntryOptions { Size = tokens.Length });

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private readonly record struct Key(string Header, string Text);
}
