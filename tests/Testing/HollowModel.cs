namespace InferenceServer.Testing;

/// <summary>
/// Models with the header, vocabulary size and tensors of real ones, and holes for weights: tens of gigabytes long, a few megabytes on the
/// disk. They cannot compute, but everything that a header tells can be read from them, and llama.cpp can simulate a load.
/// </summary>
internal static class HollowModel
{
    // ggml's numbers of types.
    private const int F32 = 0;
    private const int Q8 = 8;
    private const int Q4K = 12;
    private const int Q6K = 14;

    /// <summary>Llama 3.3 70B, all matrices 4-bit: grouped-query attention.</summary>
    public static GgufWriter Llama70B()
    {
        var writer = Begin("llama", vocabulary: 128_256, context: 131_072, width: 8192, layers: 80, heads: 64, kvHeads: 8, headLength: 128, feedForward: 28_672)
            .Set("llama.rope.dimension_count", 128u);
        AddEnds(writer, 8192, 128_256, isTied: false);
        for (var layer = 0; layer < 80; layer++)
        {
            AddAttention(writer, layer, 8192, heads: 64, kvHeads: 8, headLength: 128);
            AddFeedForward(writer, layer, 8192, 28_672);
        }

        return writer;
    }

    /// <summary>Qwen3 30B-A3B: 8 of 128 experts in every layer.</summary>
    public static GgufWriter Qwen3Moe30B()
    {
        var writer = Begin("qwen3moe", vocabulary: 151_936, context: 262_144, width: 2048, layers: 48, heads: 32, kvHeads: 4, headLength: 128, feedForward: 6144)
            .Set("qwen3moe.expert_count", 128u)
            .Set("qwen3moe.expert_used_count", 8u)
            .Set("qwen3moe.expert_feed_forward_length", 768u);
        AddEnds(writer, 2048, 151_936, isTied: false);
        for (var layer = 0; layer < 48; layer++)
        {
            AddAttention(writer, layer, 2048, heads: 32, kvHeads: 4, headLength: 128, hasHeadNorms: true);
            AddExperts(writer, layer, 2048, 768, 128);
        }

        return writer;
    }

    /// <summary>Gemma 3 27B: five of six layers see 1,024 tokens; the token table is the output layer too.</summary>
    public static GgufWriter Gemma27B()
    {
        var writer = Begin("gemma3", vocabulary: 262_144, context: 131_072, width: 5376, layers: 62, heads: 32, kvHeads: 16, headLength: 128, feedForward: 21_504)
            .Set("gemma3.attention.sliding_window", 1024u);
        AddEnds(writer, 5376, 262_144, isTied: true);
        for (var layer = 0; layer < 62; layer++)
        {
            AddAttention(writer, layer, 5376, heads: 32, kvHeads: 16, headLength: 128, hasHeadNorms: true);
            AddFeedForward(writer, layer, 5376, 21_504);
            Add(writer, layer, "post_attention_norm.weight", F32, 5376);
            Add(writer, layer, "post_ffw_norm.weight", F32, 5376);
        }

        return writer;
    }

    /// <summary>DeepSeek V3 with 6 of its 61 layers: latent attention, a shared expert, a dense first layer.</summary>
    public static GgufWriter DeepSeekV3()
    {
        const int Width = 7168;
        const int Heads = 128;
        var writer = Begin("deepseek2", vocabulary: 129_280, context: 163_840, Width, layers: 6, Heads, kvHeads: 1, headLength: 576, feedForward: 18_432)
            .Set("deepseek2.attention.value_length", 512u)
            .Set("deepseek2.attention.key_length_mla", 192u)
            .Set("deepseek2.attention.value_length_mla", 128u)
            .Set("deepseek2.attention.q_lora_rank", 1536u)
            .Set("deepseek2.attention.kv_lora_rank", 512u)
            .Set("deepseek2.rope.dimension_count", 64u)
            .Set("deepseek2.expert_count", 256u)
            .Set("deepseek2.expert_used_count", 8u)
            .Set("deepseek2.expert_shared_count", 1u)
            .Set("deepseek2.expert_feed_forward_length", 2048u)
            .Set("deepseek2.expert_weights_scale", 2.5f)
            .Set("deepseek2.expert_weights_norm", true)
            .Set("deepseek2.expert_gating_func", 2u)
            .Set("deepseek2.leading_dense_block_count", 1u);
        AddEnds(writer, Width, 129_280, isTied: false);
        for (var layer = 0; layer < 6; layer++)
        {
            Add(writer, layer, "attn_norm.weight", F32, Width);
            Add(writer, layer, "attn_q_a.weight", Q4K, Width, 1536);
            Add(writer, layer, "attn_q_a_norm.weight", F32, 1536);
            Add(writer, layer, "attn_q_b.weight", Q4K, 1536, Heads * 192);
            Add(writer, layer, "attn_kv_a_mqa.weight", Q4K, Width, 576);
            Add(writer, layer, "attn_kv_a_norm.weight", F32, 512);
            Add(writer, layer, "attn_k_b.weight", Q8, 128, 512, Heads);
            Add(writer, layer, "attn_v_b.weight", Q8, 512, 128, Heads);
            Add(writer, layer, "attn_output.weight", Q4K, Heads * 128, Width);
            if (layer == 0)
            {
                AddFeedForward(writer, layer, Width, 18_432);
            }
            else
            {
                AddExperts(writer, layer, Width, 2048, 256);
                Add(writer, layer, "exp_probs_b.bias", F32, 256);
                Add(writer, layer, "ffn_gate_shexp.weight", Q4K, Width, 2048);
                Add(writer, layer, "ffn_down_shexp.weight", Q4K, 2048, Width);
                Add(writer, layer, "ffn_up_shexp.weight", Q4K, Width, 2048);
            }
        }

        return writer;
    }

    /// <summary>Qwen3-Next 80B-A3B: three of four layers keep a state instead of cells; 10 of 512 experts and a shared one.</summary>
    public static GgufWriter Qwen3Next80B()
    {
        const int Width = 2048;
        const int States = 32;
        const int Inner = 4096;
        var writer = Begin("qwen3next", vocabulary: 151_936, context: 262_144, Width, layers: 48, heads: 16, kvHeads: 2, headLength: 256, feedForward: 5120)
            .Set("qwen3next.expert_count", 512u)
            .Set("qwen3next.expert_used_count", 10u)
            .Set("qwen3next.expert_feed_forward_length", 512u)
            .Set("qwen3next.expert_shared_feed_forward_length", 512u)
            .Set("qwen3next.rope.dimension_count", 64u)
            .Set("qwen3next.ssm.conv_kernel", 4u)
            .Set("qwen3next.ssm.inner_size", (uint)Inner)
            .Set("qwen3next.ssm.state_size", 128u)
            .Set("qwen3next.ssm.time_step_rank", (uint)States)
            .Set("qwen3next.ssm.group_count", 16u);
        AddEnds(writer, Width, 151_936, isTied: false);
        for (var layer = 0; layer < 48; layer++)
        {
            Add(writer, layer, "attn_norm.weight", F32, Width);
            Add(writer, layer, "post_attention_norm.weight", F32, Width);
            if (layer % 4 == 3)
            {
                Add(writer, layer, "attn_q.weight", Q4K, Width, 2 * 16 * 256);
                Add(writer, layer, "attn_k.weight", Q4K, Width, 2 * 256);
                Add(writer, layer, "attn_v.weight", Q4K, Width, 2 * 256);
                Add(writer, layer, "attn_output.weight", Q4K, 16 * 256, Width);
                Add(writer, layer, "attn_q_norm.weight", F32, 256);
                Add(writer, layer, "attn_k_norm.weight", F32, 256);
            }
            else
            {
                Add(writer, layer, "attn_qkv.weight", Q4K, Width, 2 * Inner);
                Add(writer, layer, "attn_gate.weight", Q4K, Width, Inner);
                Add(writer, layer, "ssm_conv1d.weight", F32, 4, 2 * Inner);
                Add(writer, layer, "ssm_dt.bias", F32, States);
                Add(writer, layer, "ssm_a", F32, States);
                Add(writer, layer, "ssm_ba.weight", Q4K, Width, 2 * States);
                Add(writer, layer, "ssm_norm.weight", F32, 128);
                Add(writer, layer, "ssm_out.weight", Q4K, Inner, Width);
            }

            AddExperts(writer, layer, Width, 512, 512);
            writer.RemoveTensors(tensor => tensor.Name == $"blk.{layer}.ffn_norm.weight");
            Add(writer, layer, "ffn_gate_inp_shexp.weight", F32, Width);
            Add(writer, layer, "ffn_gate_shexp.weight", Q4K, Width, 512);
            Add(writer, layer, "ffn_up_shexp.weight", Q4K, Width, 512);
            Add(writer, layer, "ffn_down_shexp.weight", Q4K, 512, Width);
        }

        return writer;
    }

    private static GgufWriter Begin(
        string architecture, int vocabulary, int context, int width, int layers, int heads, int kvHeads, int headLength, int feedForward) => new GgufWriter()
        .Set("general.architecture", architecture)
        .Set("general.file_type", 15u)
        .Set($"{architecture}.context_length", (uint)context)
        .Set($"{architecture}.embedding_length", (uint)width)
        .Set($"{architecture}.block_count", (uint)layers)
        .Set($"{architecture}.feed_forward_length", (uint)feedForward)
        .Set($"{architecture}.attention.head_count", (uint)heads)
        .Set($"{architecture}.attention.head_count_kv", (uint)kvHeads)
        .Set($"{architecture}.attention.key_length", (uint)headLength)
        .Set($"{architecture}.attention.value_length", (uint)headLength)
        .Set($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5f)
        .Set("tokenizer.ggml.model", "gpt2")
        .Set("tokenizer.ggml.pre", "llama-bpe")
        .Set("tokenizer.ggml.tokens", Enumerable.Range(0, vocabulary).Select(id => $"t{id}").ToArray())
        .Set("tokenizer.ggml.token_type", Enumerable.Repeat(1, vocabulary).ToArray())
        .Set("tokenizer.ggml.merges", new[] { "a b" })
        .Set("tokenizer.ggml.bos_token_id", 0u)
        .Set("tokenizer.ggml.eos_token_id", 1u);

    private static void AddEnds(GgufWriter writer, int width, int vocabulary, bool isTied)
    {
        writer.Add(GgufTensor.Hollow("token_embd.weight", Q4K, width, vocabulary));
        writer.Add(GgufTensor.Hollow("output_norm.weight", F32, width));
        if (!isTied)
        {
            writer.Add(GgufTensor.Hollow("output.weight", Q6K, width, vocabulary));
        }
    }

    private static void AddAttention(GgufWriter writer, int layer, int width, int heads, int kvHeads, int headLength, bool hasHeadNorms = false)
    {
        Add(writer, layer, "attn_norm.weight", F32, width);
        Add(writer, layer, "attn_q.weight", Q4K, width, heads * headLength);
        Add(writer, layer, "attn_k.weight", Q4K, width, kvHeads * headLength);
        Add(writer, layer, "attn_v.weight", Q4K, width, kvHeads * headLength);
        Add(writer, layer, "attn_output.weight", Q4K, heads * headLength, width);
        if (hasHeadNorms)
        {
            Add(writer, layer, "attn_q_norm.weight", F32, headLength);
            Add(writer, layer, "attn_k_norm.weight", F32, headLength);
        }
    }

    private static void AddFeedForward(GgufWriter writer, int layer, int width, int feedForward)
    {
        Add(writer, layer, "ffn_norm.weight", F32, width);
        Add(writer, layer, "ffn_gate.weight", Q4K, width, feedForward);
        Add(writer, layer, "ffn_down.weight", Q4K, feedForward, width);
        Add(writer, layer, "ffn_up.weight", Q4K, width, feedForward);
    }

    private static void AddExperts(GgufWriter writer, int layer, int width, int feedForward, int experts)
    {
        Add(writer, layer, "ffn_norm.weight", F32, width);
        Add(writer, layer, "ffn_gate_inp.weight", F32, width, experts);
        Add(writer, layer, "ffn_gate_exps.weight", Q4K, width, feedForward, experts);
        Add(writer, layer, "ffn_down_exps.weight", Q4K, feedForward, width, experts);
        Add(writer, layer, "ffn_up_exps.weight", Q4K, width, feedForward, experts);
    }

    private static void Add(GgufWriter writer, int layer, string role, int type, params long[] dimensions) =>
        writer.Add(GgufTensor.Hollow($"blk.{layer}.{role}", type, dimensions));
}
