using System.Runtime.InteropServices;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Testing;

/// <summary>
/// The library's unified KV memory in managed code: cells that carry a position, a token and the sequence ids that share
/// them. Refuses what the library would refuse, so that a wrong book shows at the step that it spoils.
/// </summary>
internal sealed class SimulatedMemory
{
    private readonly Cell?[] _cells;

    public SimulatedMemory(int numCells) => _cells = new Cell?[numCells];

    public int NumUsed => _cells.Count(cell => cell is not null);

    public void Apply(IReadOnlyList<CacheOperation> operations)
    {
        foreach (var operation in operations)
        {
            var end = operation.End < 0 ? int.MaxValue : operation.End;
            for (var i = 0; i < _cells.Length; i++)
            {
                if (_cells[i] is not { } cell || cell.Position < operation.Start || cell.Position >= end || !cell.SequenceIds.Contains(operation.Source))
                {
                    continue;
                }

                if (operation.Kind == CacheOperationKind.Copy)
                {
                    cell.SequenceIds.Add(operation.Target);
                }
                else
                {
                    cell.SequenceIds.Remove(operation.Source);
                    if (cell.SequenceIds.Count == 0)
                    {
                        _cells[i] = null;
                    }
                }
            }
        }
    }

    /// <summary>Computes a step, or the last slice of a chunk; throws if a sequence's memory is not exactly the tokens before its row, or if no cell is free.</summary>
    public void Run(ScheduledStep step)
    {
        foreach (var row in step.Rows)
        {
            Add(row.Sequence, row.Start, row.NumTokens);
        }

        if (step.Slice is { } slice)
        {
            Add(slice.Sequence, slice.Start, slice.NumTokens);
        }
    }

    /// <summary>The cells of a range as bytes: position and token of each.</summary>
    public byte[] Save(SpanCopy copy)
    {
        var cells = _cells.OfType<Cell>().Where(cell => cell.SequenceIds.Contains(copy.SequenceId) && cell.Position >= copy.Start && cell.Position < copy.End);
        int[] numbers = [.. cells.OrderBy(cell => cell.Position).SelectMany(cell => (int[])[cell.Position, cell.Token])];
        Require(numbers.Length == 2 * (copy.End - copy.Start), $"sequence id {copy.SequenceId} holds positions {copy.Start} to {copy.End}");
        return MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
    }

    /// <summary>Brings cells back as the library does: every saved cell wants a free one, though only a part of them may be kept.</summary>
    public void Restore(in ScheduledRestore restore)
    {
        var numbers = MemoryMarshal.Cast<byte, int>(restore.Span.State.Span);
        Require(_cells.Length - NumUsed >= numbers.Length / 2, "a cell is free for every token of a span");
        var id = restore.Sequence.Lease!.SequenceId;
        for (var i = 0; i < numbers.Length; i += 2)
        {
            if (numbers[i] >= restore.Start && numbers[i] < restore.End)
            {
                _cells[Array.IndexOf(_cells, null)] = new Cell(numbers[i], numbers[i + 1], [id]);
            }
        }
    }

    /// <summary>Tokens that a sequence id covers; throws if its positions are not 0, 1, 2...</summary>
    public int[] GetTokens(int sequenceId)
    {
        var cells = _cells.Where(cell => cell is not null && cell.SequenceIds.Contains(sequenceId)).OrderBy(cell => cell!.Position).ToArray();
        for (var i = 0; i < cells.Length; i++)
        {
            Require(cells[i]!.Position == i, $"positions of sequence id {sequenceId} are contiguous and single");
        }

        return [.. cells.Select(cell => cell!.Token)];
    }

    public (int Min, int Max) GetPositions(int sequenceId)
    {
        var count = GetTokens(sequenceId).Length;
        return count == 0 ? (-1, -1) : (0, count - 1);
    }

    public void Clear() => Array.Clear(_cells);

    private void Add(Sequence sequence, int start, int count)
    {
        var id = sequence.Lease!.SequenceId;
        Require(GetTokens(id).AsSpan().SequenceEqual(sequence.Tokens[..start]), $"sequence id {id} holds the {start} tokens before its row");
        for (var position = start; position < start + count; position++)
        {
            var free = Array.IndexOf(_cells, null);
            Require(free >= 0, "a cell is free for every token of a step");
            _cells[free] = new Cell(position, sequence.Tokens[position], [id]);
        }
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"Simulated memory: violated: {what}.");
        }
    }

    private sealed record Cell(int Position, int Token, HashSet<int> SequenceIds);
}
