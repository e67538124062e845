namespace InferenceServer.Inference.Scheduling;

/// <summary>What a step computes, as far as its duration depends on it.</summary>
/// <param name="NumDecodes">Rows of running streams, one token each.</param>
/// <param name="NumPrefillTokens">All other tokens.</param>
/// <param name="NumDecodeCells">Cells that the decodes attend to, added up.</param>
/// <param name="NumPrefillCells">Cells that the prefill tokens attend to, added up: a chunk's price grows with its position.</param>
internal readonly record struct StepWork(int NumDecodes, int NumPrefillTokens, long NumDecodeCells, long NumPrefillCells)
{
    /// <summary>Tokens of the step.</summary>
    public int NumTokens => NumDecodes + NumPrefillTokens;

    /// <summary>With one more decode at a position.</summary>
    public StepWork WithDecode(int position) =>
        this with { NumDecodes = NumDecodes + 1, NumDecodeCells = NumDecodeCells + position + 1 };

    /// <summary>With one more chunk of a prefill; each token attends to all before it and itself.</summary>
    public StepWork WithPrefill(int start, int count) => this with
    {
        NumPrefillTokens = NumPrefillTokens + count,
        NumPrefillCells = NumPrefillCells + ((long)count * start) + ((long)count * (count + 1) / 2),
    };
}
