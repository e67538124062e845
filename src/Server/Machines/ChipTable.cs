namespace InferenceServer.Server.Machines;

/// <summary>The chips that plans and telemetry know.</summary>
internal static class ChipTable
{
    // Of models beyond 30 GB on llama.cpp and MLX: M1 Max 46 (memory nearly full) and 77 %, M3 Max 81 and 93, M4 Max 86; M1 Ultra 63 and 74, M2 Ultra 66
    // and 84, M3 Ultra 73 (XiongjieDai/GPU-Benchmarks-on-LLM-Inference, mlx-examples #1029, #1069, #1281, mlx-engine #103, #113,
    // geerlingguy/ai-benchmarks). A100 and H100 PCIe read 49 and 50 % there, DGX Spark 73.
    private static readonly (double, double) Apple = (0.75, 0.93);
    private static readonly (double, double) Ultra = (0.63, 0.84);
    private static readonly (double, double) Others = (0.50, 0.85);

    // llama.cpp: 47 % on M1 Max, 62 on M2 Ultra, 70 on M3 Max with a 70B; 58 to 72 with a 7B (its discussion #4167). The M5's matrix units took
    // one run of a 7B on an M5 Max to twice the peak of plain arithmetic; without them it gave 58 %.
    private static readonly (double, double) Plain = (0.47, 0.72);
    private static readonly (double, double) MatrixUnits = (0.58, 1.9);

    /// <summary>
    /// All of them. Apple: bandwidth from Mesh-LLM's membench-fingerprint and Apple's specification pages (decimal GB/s; M5 Pro and M5 Max from the
    /// announcement of March 2026), TFLOPS from huggingface.js hardware.ts, scaled by GPU cores for the smaller variants. M5 Ultra: no
    /// figure found. NVIDIA and AMD: the vendors' data sheets.
    /// </summary>
    public static IReadOnlyList<Chip> All { get; } =
    [
        OfApple("M1", 68.25, 2.6, Apple, Plain),
        OfApple("M1 Pro", 200, 5.2, Apple, Plain),
        OfApple("M1 Max", 400, 10.4, Apple, Plain),
        OfApple("M1 Ultra", 800, 21, Ultra, Plain),
        OfApple("M2", 100, 3.6, Apple, Plain),
        OfApple("M2 Pro", 200, 6.8, Apple, Plain),
        OfApple("M2 Max", 400, 13.49, Apple, Plain),
        OfApple("M2 Ultra", 800, 27.2, Ultra, Plain),
        OfApple("M3", 100, 4.1, Apple, Plain),
        OfApple("M3 Pro", 150, 7.4, Apple, Plain),
        OfApple("M3 Max", 300, 10.65, Apple, Plain) with { OnlyWith = [36, 96] },
        OfApple("M3 Max", 400, 14.2, Apple, Plain),
        OfApple("M3 Ultra", 819, 28.4, Ultra, Plain),
        OfApple("M4", 120, 4.6, Apple, Plain),
        OfApple("M4 Pro", 273, 9.2, Apple, Plain),
        OfApple("M4 Max", 410, 14.72, Apple, Plain) with { OnlyWith = [36] },
        OfApple("M4 Max", 546, 18.4, Apple, Plain),
        OfApple("M5", 153, 5.7, Apple, MatrixUnits),
        OfApple("M5 Pro", 307, 11.4, Apple, MatrixUnits),
        OfApple("M5 Max", 460, 18.24, Apple, MatrixUnits) with { OnlyWith = [36] },
        OfApple("M5 Max", 614, 22.8, Apple, MatrixUnits),
        OfOthers("RTX 3090", 936, ChipMemory.Own),
        OfOthers("RTX 4090", 1008, ChipMemory.Own),
        OfOthers("RTX 5090", 1792, ChipMemory.Own),
        OfOthers("RTX A6000", 768, ChipMemory.Own),
        OfOthers("RTX 6000 Ada", 960, ChipMemory.Own),
        OfOthers("RTX PRO 6000 Blackwell", 1792, ChipMemory.Own),
        OfOthers("L40S", 864, ChipMemory.Own),
        OfOthers("A100", 1935, ChipMemory.Own),
        OfOthers("H100 PCIe", 2000, ChipMemory.Own),
        OfOthers("H100", 3350, ChipMemory.Own),
        OfOthers("GB10", 273, ChipMemory.Shared),
        OfOthers("Ryzen AI Max+ 395", 256, ChipMemory.Shared),
        OfOthers("RX 7900 XTX", 960, ChipMemory.Own),
    ];

    /// <summary>The chip that a system's name for it speaks of, for example <c>Apple M4 Max</c>; null for one that is not in the table.</summary>
    /// <param name="name">Case does not matter.</param>
    /// <param name="memory">Memory of the machine in GB, which tells variants apart.</param>
    public static Chip? Find(string name, int memory)
    {
        // Laptops have slower chips of the same names. "M4 Max" is in "Apple M4 Max" and so is "M4": the longest name counts.
        var variants = All
            .Where(chip => Mentions(name, chip.Name) && !(chip.Memory == ChipMemory.Own && Mentions(name, "Laptop")))
            .GroupBy(chip => chip.Name.Length)
            .MaxBy(group => group.Key);
        return variants?.FirstOrDefault(chip => chip.OnlyWith?.Contains(memory) ?? true);
    }

    private static bool Mentions(string text, string name)
    {
        var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        var end = at + name.Length;
        return at >= 0 && (at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsLetterOrDigit(text[end]));
    }

    private static Chip OfApple(string name, double bandwidth, double teraflops, (double, double) decode, (double, double) prefill) => new()
    {
        Name = name,
        Bandwidth = bandwidth,
        Teraflops = teraflops,
        Memory = ChipMemory.Apple,
        DecodeShare = decode,
        PrefillShare = prefill,
    };

    private static Chip OfOthers(string name, double bandwidth, ChipMemory memory) =>
        new() { Name = name, Bandwidth = bandwidth, Memory = memory, DecodeShare = Others };
}
