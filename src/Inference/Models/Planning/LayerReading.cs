namespace InferenceServer.Inference.Models.Planning;

/// <summary>
/// From a layer's tensors and the header's keys to its shape. Widths come from the tensors where there are any, as keys differ
/// between architectures and a matrix has the shape it has.
/// </summary>
internal sealed class LayerReading(LayerKeys keys)
{
    // The tensors that only recurrent layers have.
    private static readonly string[] StateRoles = ["ssm_", "shortconv.", "time_mix_"];

    // Architectures whose windowed layers follow a period that the file need not name: every n-th layer sees everything, the first or the
    // last of each n (set_swa_pattern in src/models). Others name it, or ignore the window.
    private static readonly Dictionary<string, (int Period, bool FullFirst)> Periods = new(StringComparer.Ordinal)
    {
        ["afmoe"] = (4, false),
        ["cohere2"] = (4, false),
        ["cohere2moe"] = (4, true),
        ["exaone-moe"] = (4, false),
        ["exaone4"] = (4, false),
        ["gemma2"] = (2, false),
        ["gemma3"] = (6, false),
        ["gemma3n"] = (5, false),
        ["gemma4"] = (1, false),
        ["gpt-oss"] = (2, false),
        ["granite_swa"] = (1, false),
        ["laguna"] = (4, true),
        ["llama4"] = (4, false),
        ["mellum"] = (4, false),
        ["mimo2"] = (1, false),
        ["muse-glimmer"] = (4, false),
        ["olmo2"] = (4, false),
        ["plamo3"] = (8, false),
        ["smallthinker"] = (4, true),
        ["step35"] = (1, false),
    };

    // create_memory in llama-model.cpp: no cells for the layers that only predict further tokens, which are not loaded here.
    private static readonly string[] WithoutNextCells =
        ["step35", "hy_v3", "glm-dsa", "mimo2", "deepseek32", "qwen3next", "qwen35", "qwen35moe", "qwen4exp", "minimax-01"];

    // Llama 4 writes no window into its files: its layers attend within chunks of so many tokens (load_arch_hparams in llama4.cpp).
    private const int Llama4Chunk = 8192;

    private readonly int _numLayers = (int)keys.Find("block_count");
    private readonly int _numNext = (int)keys.Find("nextn_predict_layers");

    /// <summary>Routed experts that a token goes to; where layers differ, the most.</summary>
    public int NumExpertsUsed { get; } = (int)(keys.FindList("expert_used_count") is { Length: > 0 } list ? list.Max() : keys.Find("expert_used_count"));

    /// <summary>Reads one layer.</summary>
    public LayerShape Read(int index, LayerTensors tensors)
    {
        // The head that predicts the token after next is left on the disk (load_mtp).
        var isLoaded = index < _numLayers - _numNext;
        var experts = tensors.All.Where(tensor => LayerTensors.IsExperts(tensor.Name)).ToList();
        var expertWeights = experts.Sum(tensor => tensor.NumElements);
        var numExperts = keys.Find("expert_count");
        var isRecurrent = StateRoles.Any(tensors.Has);
        var (keyWidth, valueWidth) = HasCells(index, isLoaded, isRecurrent) ? ReadCells(index, tensors) : (0, 0);
        return new LayerShape
        {
            WeightBytes = isLoaded ? tensors.All.Sum(tensor => tensor.NumBytes) : 0,
            ExpertBytes = isLoaded ? experts.Sum(tensor => tensor.NumBytes) : 0,
            ActiveWeights = !isLoaded ? 0
                : tensors.All.Sum(tensor => tensor.NumElements) - expertWeights + (numExperts > 0 ? expertWeights * NumExpertsUsed / numExperts : 0),
            KeyWidth = keyWidth,
            ValueWidth = valueWidth,
            QueryWidth = IsLatent ? keys.Find("attention.head_count") * keyWidth : tensors.InputsOf("attn_output.weight"),
            HeadsWidth = tensors.InputsOf("attn_output.weight"),
            Window = keyWidth > 0 ? ReadWindow(index) : 0,
            StateWidth = isRecurrent && isLoaded ? StateWidth(index) : 0,
            FeedForwardWidth = FeedForwardWidth(tensors, ""),
            ExpertsWidth = NumExpertsUsed * FeedForwardWidth(tensors, "_exps"),
            AttentionWidth = IsLatent ? keys.Find("attention.head_count") * ((2L * keyWidth) + keys.Find("attention.value_length")) : 0,
        };
    }

    /// <summary>Keys and values are cached as one compressed vector.</summary>
    private bool IsLatent => keys.Find("attention.key_length_mla") > 0;

    private bool HasCells(int index, bool isLoaded, bool isRecurrent)
    {
        // Gemma 3n hard-codes how many layers have cells of their own (load_arch_hparams in gemma3n.cpp), Gemma 4 writes how many have none.
        var end = keys.Architecture == "gemma3n" ? 20 : _numLayers - keys.Find("attention.shared_kv_layers");
        return index < end
            && (isLoaded || !WithoutNextCells.Contains(keys.Architecture))
            && (!isRecurrent || keys.Architecture == "falcon-h1");
    }

    private (int Key, int Value) ReadCells(int index, LayerTensors tensors)
    {
        if (IsLatent)
        {
            return ((int)tensors.OutputsOf("attn_kv_a_mqa.weight"), 0);
        }

        var key = tensors.OutputsOf("attn_k.weight");
        var isFused = tensors.Has("attn_qkv.") || tensors.Has("attn_kv_a_mqa.") || tensors.Has("attn_kv_b.");
        if (key == 0 && !isFused)
        {
            return (0, 0);
        }

        var heads = keys.Find("attention.head_count", index, 0);
        var kvHeads = keys.Find("attention.head_count_kv", index, heads);
        var defaultLength = heads > 0 ? keys.Find("embedding_length") / heads : 0;
        var keyLength = keys.Find("attention.key_length", defaultLength);
        var valueLength = keys.Find("attention.value_length", defaultLength);
        key = key > 0 ? key : kvHeads * keyLength;

        // Without a value matrix the keys serve as values, and are cached twice.
        var value = tensors.OutputsOf("attn_v.weight");
        return ((int)key, (int)(value > 0 ? value : isFused ? kvHeads * valueLength : key));
    }

    private int ReadWindow(int index)
    {
        if (!Periods.TryGetValue(keys.Architecture, out var rule))
        {
            return 0;
        }

        var window = (int)keys.Find("attention.sliding_window", keys.Architecture == "llama4" ? Llama4Chunk : 0);
        if (keys.FindList("attention.sliding_window_pattern") is { } list)
        {
            return index < list.Length && list[index] != 0 ? window : 0;
        }

        var period = keys.Find("attention.sliding_window_pattern", rule.Period);
        var isWindowed = period == 0 || (rule.FullFirst ? index % period != 0 : index % period < period - 1);
        return isWindowed && index < _numLayers - _numNext ? window : 0;
    }

    /// <summary>n_embd_r and n_embd_s of llama-hparams.cpp together.</summary>
    private long StateWidth(int index)
    {
        var width = keys.Find("embedding_length");
        if (keys.Find("wkv.head_size") is > 0 and var head)
        {
            return width * (keys.Find("token_shift_count", 2) + head);
        }

        if (keys.Find("shortconv.l_cache") is > 0 and var length)
        {
            return width * (length - 1);
        }

        var kernel = Math.Max(0, keys.Find("ssm.conv_kernel") - 1);
        if (keys.Find("kda.head_dim") is > 0 and var headDim)
        {
            var heads = keys.Find("attention.head_count", index, 0);
            return (3 * (kernel > 0 ? kernel : 3) * heads * headDim) + (headDim * headDim * heads);
        }

        var (inner, state) = (keys.Find("ssm.inner_size"), keys.Find("ssm.state_size"));
        return (kernel * (inner + (2 * keys.Find("ssm.group_count") * state))) + (state * inner);
    }

    /// <summary>What is made of a token by the two matrices into the network, and their product.</summary>
    private static long FeedForwardWidth(LayerTensors tensors, string suffix) =>
        tensors.OutputsOf($"ffn_up{suffix}.weight") + tensors.OutputsOf($"ffn_gate{suffix}.weight") + tensors.OutputsOf($"ffn_gate_up{suffix}.weight")
        + tensors.InputsOf($"ffn_down{suffix}.weight");
}
