using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Turns a model's output, as it is generated, into thought, answer and calls. Whatever can still become a marker is held back,
/// all else leaves at once; a text that turns out to be no call is content. The events, deltas joined, do not depend on how the
/// output was cut into pieces. One answer each; one thread at a time.
/// </summary>
public sealed class ChatOutputParser
{
    private readonly OutputCursor _cursor = new();
    private readonly ReplyWriter _writer;
    private readonly CallScene _scene;
    private readonly ChatFormat _format;
    private readonly ImmutableArray<CallSyntax> _calls;
    private readonly ImmutableArray<string> _markers;
    private readonly MarkerSet _contentMarkers;
    private readonly MarkerSet _reasoningMarkers;
    private CallReader? _reader;
    private string? _opener;
    private long _openedAt;
    private bool _isReasoning;
    private bool _hadReasoning;
    private bool _mayStartBare = true;
    private char? _heldSurrogate;

    /// <summary>A parser for one answer.</summary>
    /// <param name="format">The model's format.</param>
    /// <param name="tools">
    /// The request's tool objects: names that make calls of ordinary text, types of arguments. None: no call is looked for, and what looks
    /// like one is content.
    /// </param>
    /// <param name="prompt">The rendered prompt: whether the answer starts within a thought shows at its end.</param>
    /// <param name="random">Makes the ids of calls; null means the process's.</param>
    public ChatOutputParser(ChatFormat format, ImmutableArray<JsonElement> tools, PromptText prompt, Random? random = null)
    {
        _format = format;
        _writer = new ReplyWriter(format.IdForm, random ?? Random.Shared, _cursor);
        var set = new ToolSet(tools.IsDefault ? [] : tools);
        _scene = new CallScene(_cursor, _writer, set);
        _calls = set.IsEmpty ? [.. format.Calls.Where(call => call.PartsMessages)] : format.Calls;
        ImmutableArray<string> openers = [.. _calls.SelectMany(call => call.Openers).Distinct()];
        ImmutableArray<string> reasoningEnds = format.Reasoning is null ? format.ReasoningEnds : [format.Reasoning.End];
        ImmutableArray<string> reasoning = format.Reasoning is null ? [] : [format.Reasoning.Start, format.Reasoning.End];
        _contentMarkers = new MarkerSet([.. openers, .. reasoning, .. format.Dropped]);
        _reasoningMarkers = new MarkerSet([.. reasoningEnds, .. format.CallEndsReasoning ? openers : []]);
        _markers = [.. _calls.SelectMany(call => call.Markers), .. reasoning, .. reasoningEnds, .. format.Dropped];
        _isReasoning = format.OpensReasoning(prompt);
        _hadReasoning = format.ClosesReasoning(prompt);
        if (_isReasoning || _hadReasoning)
        {
            _writer.Part();
        }

        if (format.OpensCall(prompt) && _calls.Length > 0)
        {
            Open(_calls[0], opener: null);
        }
    }

    /// <summary>True: what comes next belongs to a thought, as far as it is known.</summary>
    public bool IsReasoning => _isReasoning;

    /// <summary>True: a control token of this text is one of the format's markers, which <see cref="Feed"/> must get; others are no text.</summary>
    public bool IsMarker(string text) => _markers.Any(marker => marker.Contains(text, StringComparison.Ordinal));

    /// <summary>Takes the next token.</summary>
    /// <param name="text">Its text, whole characters.</param>
    /// <param name="isControl">True: a control token. It matters if it is one of the format's markers; else it is no text and is dropped.</param>
    /// <param name="events">Gets what is certain now.</param>
    public void Feed(string text, bool isControl, ICollection<ChatOutputEvent> events)
    {
        if (text.Length == 0 || (isControl && !IsMarker(text)))
        {
            return;
        }

        // Half a character never leaves.
        if (_heldSurrogate is { } half)
        {
            text = half + text;
            _heldSurrogate = null;
        }

        if (char.IsHighSurrogate(text[^1]))
        {
            _heldSurrogate = text[^1];
            text = text[..^1];
        }

        _cursor.Append(text);
        Run(events);
    }

    /// <summary>The end of the output, by itself or cut off: gives what was held back.</summary>
    /// <param name="events">Gets the last events.</param>
    public void Finish(ICollection<ChatOutputEvent> events)
    {
        if (_heldSurrogate is not null)
        {
            _cursor.Append("\uFFFD");
            _heldSurrogate = null;
        }

        _writer.WriteTo(events);
        if (_writer.IsInCall)
        {
            CutCall();
        }

        _cursor.End();
        Run(events);
    }

    private void Run(ICollection<ChatOutputEvent> events)
    {
        _writer.WriteTo(events);
        while (_reader is not null ? ReadCall() : _isReasoning ? ReadReasoning() : ReadContent())
        {
        }

        if (_cursor.Ended && !_isReasoning)
        {
            _writer.EndContent();
        }

        _writer.Flush();
    }

    // The three return false when more output is needed.
    private bool ReadReasoning()
    {
        var (before, marker) = _reasoningMarkers.Find(_cursor.Rest, _cursor.Ended);
        _writer.Reasoning(_cursor.Rest[..before]);
        _cursor.Take(before);
        if (marker is null)
        {
            return false;
        }

        _writer.Part();
        _isReasoning = false;
        _hadReasoning = true;
        if (Opening(marker) is { } call)
        {
            Open(call, marker);
        }
        else
        {
            _cursor.Take(marker.Length);
        }

        return true;
    }

    private bool ReadContent()
    {
        if (_mayStartBare && !StartBare())
        {
            return _reader is not null;
        }

        var (before, marker) = _contentMarkers.Find(_cursor.Rest, _cursor.Ended);
        _writer.HoldsSpace = MayPartContent;
        _writer.Content(_cursor.Rest[..before]);
        _cursor.Take(before);
        if (marker is null)
        {
            return false;
        }

        if (Opening(marker) is { } call)
        {
            Open(call, marker);
        }
        else if (marker == _format.Reasoning?.Start && (_format.Reasoning.IsAnywhere || !_writer.HasContent))
        {
            Drop(marker);
            _isReasoning = _hadReasoning = true;
        }
        else if (marker == _format.Reasoning?.End && MayEndUnopened)
        {
            EndUnopenedReasoning(marker);
        }
        else if (_format.Dropped.Contains(marker) && MayDrop)
        {
            Drop(marker);
        }
        else
        {
            TakeAsContent(marker.Length);
        }

        return true;
    }

    // True: behind content a marker may come that is none of it. See what becomes of each in ReadContent.
    private bool MayPartContent => _calls.Length > 0 || _format.Reasoning is { IsAnywhere: true } || MayEndUnopened || (!_format.Dropped.IsEmpty && MayDrop);

    // True: the end of a thought would make one of all content before it.
    private bool MayEndUnopened => _format.Reasoning is { IsInTemplate: true } && !_hadReasoning && _writer.NumCalls == 0;

    // True: markers around the answer are no text of it.
    private bool MayDrop => _hadReasoning || !_format.DropsOnlyAfterReasoning;

    // Looks, at the start of an answer, for a call without a marker. False: more output is needed, or such a call began.
    private bool StartBare()
    {
        if (_calls.FirstOrDefault(call => call.BareOpener is not null) is not { } bare)
        {
            _mayStartBare = false;
            return true;
        }

        TakeAsContent(_cursor.Rest.Length - _cursor.Rest.TrimStart().Length);
        var rest = _cursor.Rest;
        if (rest.IsEmpty)
        {
            return _cursor.Ended;
        }

        // A thought may come first.
        var (before, marker) = _contentMarkers.Find(rest, _cursor.Ended);
        if (before == 0)
        {
            return marker is not null;
        }

        _mayStartBare = false;
        if (rest[0] != bare.BareOpener)
        {
            return true;
        }

        Open(bare, opener: null);
        return false;
    }

    private void EndUnopenedReasoning(string marker)
    {
        _cursor.Take(marker.Length);
        _hadReasoning = true;
        if (_writer.HasContent)
        {
            _writer.MoveContentToReasoning();
        }
        else
        {
            _writer.Part();
        }
    }

    private void Drop(string marker)
    {
        _cursor.Take(marker.Length);
        _writer.Part();
    }

    private void TakeAsContent(int length)
    {
        _writer.Content(_cursor.Rest[..length]);
        _cursor.Take(length);
    }

    private CallSyntax? Opening(string marker) => _calls.FirstOrDefault(call => call.Openers.Contains(marker));

    private void Open(CallSyntax call, string? opener)
    {
        _cursor.BeginRecord();
        _reader = call.Reader(_scene, opener);
        _opener = opener;
        _openedAt = _cursor.NumTaken;
    }

    // Reads on in a call; after the end of the output there is none that has started.
    private bool ReadCall()
    {
        var progress = _reader!.Read();
        if (progress == CallProgress.NeedsMore && !_cursor.Ended)
        {
            return false;
        }

        _reader = null;
        var (marked, unmarked) = _cursor.EndRecord();
        if (progress is CallProgress.Done or CallProgress.ReasoningFollows)
        {
            _writer.Part();
            _isReasoning = progress == CallProgress.ReasoningFollows;
        }
        else if (_writer.IsInCall)
        {
            _writer.BreakCall(marked, _cursor.NumTaken - unmarked.Length);
            _writer.Content(unmarked, _cursor.NumTaken - unmarked.Length);
        }
        else if (_cursor.NumTaken == _openedAt)
        {
            // Nothing was consumed: the opener itself is content, or it would be found again.
            TakeAsContent(_opener?.Length ?? 0);
        }
        else
        {
            _writer.Content(unmarked, _cursor.NumTaken - unmarked.Length);
        }

        return true;
    }

    // The output ends within a call: no more is asked of it, so that half a marker is no reason to call it broken.
    private void CutCall()
    {
        var isCut = _reader!.Cut();
        _writer.EndCall(isCut ? ChatOutputKind.CallCut : ChatOutputKind.CallEnded);
        _reader = null;
        var (_, unmarked) = _cursor.EndRecord();
        if (isCut)
        {
            _cursor.Take(_cursor.Rest.Length);
        }
        else
        {
            _writer.Content(unmarked, _cursor.NumTaken - unmarked.Length);
        }
    }
}
