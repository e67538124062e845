using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using InferenceServer.Inference.Models;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// The answers of late, as the tokens that the model picked. A conversation comes back with its answers as text, which may encode to other tokens than those whose KV is cached: an
/// answer that is found here is given to the engine as it was generated, so that the next turn computes only what is new in it. The least recently used are forgotten. Any thread.
/// </summary>
/// <param name="maxBytes">Of memory, overheads included.</param>
internal sealed class GeneratedTurns(int maxBytes)
{
    /// <summary>By default: 1,900 answers of 30 tokens or 120,000 tokens of long ones, about what all tiers hold of a 70B on 128 GB.</summary>
    public const int DefaultMaxBytes = 512 * 1024;

    // Measured: what an answer takes beside its tokens, in the list and in the table.
    private const int OverheadBytes = 150;

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, LinkedListNode<Turn>> _turns = [];

    // The most recently used first.
    private readonly LinkedList<Turn> _byUse = [];
    private long _numBytes;

    /// <summary>An answer to a prompt begins.</summary>
    public GeneratedTurn Begin(PromptText prompt) => new(this, prompt.Segments is [.., { FromTemplate: true } last] ? last.Text : null);

    /// <summary>The prompt, with the tokens of those answers in it that were generated here.</summary>
    public PromptText Recall(PromptText prompt)
    {
        ImmutableArray<PromptSegment>.Builder? segments = null;
        for (var i = 1; i < prompt.Segments.Length; i++)
        {
            var segment = prompt.Segments[i];
            if (!segment.FromTemplate && Find(NameOf(prompt.Segments[i - 1].Text, segment.Text)) is { IsDefault: false } tokens)
            {
                segments ??= prompt.Segments.ToBuilder();
                segments[i] = segment with { Tokens = tokens };
            }
        }

        return segments is null ? prompt : prompt with { Segments = segments.ToImmutable() };
    }

    /// <summary>Keeps an answer; one that is larger than everything together may be is not kept.</summary>
    /// <param name="header">What the template wrote before it. The same text after another header is no answer of the model, or its first tokens may be others.</param>
    /// <param name="text">Its text.</param>
    /// <param name="tokens">Its tokens.</param>
    public void Keep(string header, string text, ImmutableArray<int> tokens)
    {
        var turn = new Turn(NameOf(header, text), tokens);
        if (turn.NumBytes > maxBytes)
        {
            return;
        }

        lock (_lock)
        {
            if (_turns.TryGetValue(turn.Name, out var last))
            {
                Forget(last);
            }

            _turns[turn.Name] = _byUse.AddFirst(turn);
            _numBytes += turn.NumBytes;
            while (_numBytes > maxBytes)
            {
                Forget(_byUse.Last!);
            }
        }
    }

    private ImmutableArray<int> Find(UInt128 name)
    {
        lock (_lock)
        {
            if (!_turns.TryGetValue(name, out var turn))
            {
                return default;
            }

            _byUse.Remove(turn);
            _byUse.AddFirst(turn);
            return turn.Value.Tokens;
        }
    }

    private void Forget(LinkedListNode<Turn> turn)
    {
        _byUse.Remove(turn);
        _turns.Remove(turn.Value.Name);
        _numBytes -= turn.Value.NumBytes;
    }

    // A hash instead of the texts, which are the larger part.
    private static UInt128 NameOf(string header, string text)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(header.Length));
        hash.AppendData(MemoryMarshal.AsBytes(header.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
        Span<byte> name = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(name);
        return MemoryMarshal.Read<UInt128>(name);
    }

    private sealed record Turn(UInt128 Name, ImmutableArray<int> Tokens)
    {
        public long NumBytes => OverheadBytes + ((long)Tokens.Length * sizeof(int));
    }
}
