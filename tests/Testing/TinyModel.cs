namespace InferenceServer.Testing;

/// <summary>
/// Models of a few hundred kilobytes that llama.cpp loads and decodes in well under a millisecond a token: random but
/// seeded weights over a vocabulary of bytes. They say nothing sensible, but the same thing every time, and every
/// mechanism around a model works as with a real one.
/// </summary>
internal static class TinyModel
{
    /// <summary>Ids 0 to 255 are the bytes of that value.</summary>
    public const int NumByteTokens = 256;

    /// <summary>Control token <c>&lt;s&gt;</c>: begins a sequence.</summary>
    public const int Bos = 256;

    /// <summary>Control token <c>&lt;/s&gt;</c>: ends a generation.</summary>
    public const int Eos = 257;

    /// <summary>Control token <c>&lt;|im_start|&gt;</c>.</summary>
    public const int ImStart = 258;

    /// <summary>Control token <c>&lt;|im_end|&gt;</c>: ends a generation too, as llama.cpp knows it by its text.</summary>
    public const int ImEnd = 259;

    /// <summary>Tokens in the vocabulary.</summary>
    public const int VocabularySize = 260;

    /// <summary>A ChatML template, as many models have it.</summary>
    public const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    // A head of 32 is the smallest that a quantized KV cache (blocks of 32) takes.
    private const int EmbeddingLength = 64;
    private const int HeadLength = 32;
    private const int NumHeads = 2;
    private const int NumKvHeads = 1;
    private const int FeedForwardLength = 128;

    /// <summary>A model ready to be written, or to be spoilt first.</summary>
    public static GgufWriter Create(TinyModelOptions options)
    {
        var writer = new GgufWriter();
        var architecture = options.Architecture switch
        {
            TinyArchitecture.Llama => "llama",
            TinyArchitecture.SlidingWindow => "gemma3",
            _ => "mamba",
        };
        writer.Set("general.architecture", architecture)
            .Set("general.name", options.Name)
            .Set("general.file_type", 0u)
            .Set($"{architecture}.context_length", (uint)options.ContextLength)
            .Set($"{architecture}.embedding_length", (uint)EmbeddingLength)
            .Set($"{architecture}.block_count", (uint)options.BlockCount)
            .Set($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5f);
        SetVocabulary(writer, options.ChatTemplate);

        var weights = new Weights(writer, options.Seed);
        weights.Add("token_embd.weight", scale: 1f, EmbeddingLength, VocabularySize);
        weights.AddOnes("output_norm.weight", EmbeddingLength);

        // Twice the usual size spreads the logits, so that rounding seldom decides which token is the best.
        weights.Add("output.weight", scale: 2f / MathF.Sqrt(EmbeddingLength), EmbeddingLength, VocabularySize);
        if (options.Architecture == TinyArchitecture.Recurrent)
        {
            AddMamba(writer, weights, options.BlockCount);
        }
        else
        {
            AddTransformer(writer, weights, options, architecture);
        }

        return writer;
    }

    /// <summary>Writes a model as one file.</summary>
    public static void WriteTo(string path, TinyModelOptions options) => Create(options).WriteTo(path);

    private static void SetVocabulary(GgufWriter writer, string? chatTemplate)
    {
        var tokens = Enumerable.Range(0, NumByteTokens)
            .Select(value => BytePiece((byte)value).ToString())
            .Concat(["<s>", "</s>", "<|im_start|>", "<|im_end|>"])
            .ToArray();

        // 1 is a normal token, 3 a control token.
        var types = Enumerable.Repeat(1, NumByteTokens).Concat(Enumerable.Repeat(3, VocabularySize - NumByteTokens)).ToArray();
        writer.Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.pre", "smollm")
            .Set("tokenizer.ggml.tokens", tokens)
            .Set("tokenizer.ggml.token_type", types)
            .Set("tokenizer.ggml.merges", Array.Empty<string>())
            .Set("tokenizer.ggml.bos_token_id", (uint)Bos)
            .Set("tokenizer.ggml.eos_token_id", (uint)Eos)
            .Set("tokenizer.ggml.add_bos_token", false);
        if (chatTemplate is not null)
        {
            writer.Set("tokenizer.chat_template", chatTemplate);
        }
    }

    /// <summary>The character that stands for a byte in byte-level BPE: itself if it is visible, else the next free one from U+0100.</summary>
    private static char BytePiece(byte value)
    {
        static bool IsVisible(int value) => value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
        return IsVisible(value) ? (char)value : (char)(0x100 + Enumerable.Range(0, value).Count(lower => !IsVisible(lower)));
    }

    private static void AddTransformer(GgufWriter writer, Weights weights, TinyModelOptions options, string architecture)
    {
        writer.Set($"{architecture}.feed_forward_length", (uint)FeedForwardLength)
            .Set($"{architecture}.attention.head_count", (uint)NumHeads)
            .Set($"{architecture}.attention.head_count_kv", (uint)NumKvHeads)
            .Set($"{architecture}.attention.key_length", (uint)HeadLength)
            .Set($"{architecture}.attention.value_length", (uint)HeadLength)
            .Set($"{architecture}.rope.dimension_count", (uint)HeadLength)
            .Set($"{architecture}.rope.freq_base", 10_000f);
        var isGemma = options.Architecture == TinyArchitecture.SlidingWindow;
        if (isGemma)
        {
            // Every other layer sees the window only, as in Gemma 2 and, with another period, Gemma 3.
            writer.Set($"{architecture}.attention.sliding_window", (uint)options.SlidingWindow)
                .Set($"{architecture}.attention.sliding_window_pattern", 2u);
        }

        for (var block = 0; block < options.BlockCount; block++)
        {
            var prefix = $"blk.{block}.";
            weights.AddOnes(prefix + "attn_norm.weight", EmbeddingLength);
            weights.AddMatrix(prefix + "attn_q.weight", EmbeddingLength, NumHeads * HeadLength);
            weights.AddMatrix(prefix + "attn_k.weight", EmbeddingLength, NumKvHeads * HeadLength);
            weights.AddMatrix(prefix + "attn_v.weight", EmbeddingLength, NumKvHeads * HeadLength);
            weights.AddMatrix(prefix + "attn_output.weight", NumHeads * HeadLength, EmbeddingLength);
            weights.AddOnes(prefix + "ffn_norm.weight", EmbeddingLength);
            weights.AddMatrix(prefix + "ffn_gate.weight", EmbeddingLength, FeedForwardLength);
            weights.AddMatrix(prefix + "ffn_down.weight", FeedForwardLength, EmbeddingLength);
            weights.AddMatrix(prefix + "ffn_up.weight", EmbeddingLength, FeedForwardLength);
            if (isGemma)
            {
                weights.AddOnes(prefix + "attn_q_norm.weight", HeadLength);
                weights.AddOnes(prefix + "attn_k_norm.weight", HeadLength);
                weights.AddOnes(prefix + "post_attention_norm.weight", EmbeddingLength);
                weights.AddOnes(prefix + "post_ffw_norm.weight", EmbeddingLength);
            }
        }
    }

    private static void AddMamba(GgufWriter writer, Weights weights, int blockCount)
    {
        // llama.cpp takes no other expansion than two.
        const int InnerLength = 2 * EmbeddingLength;
        const int StateLength = 16;
        const int KernelLength = 4;
        const int TimeStepRank = 4;
        writer.Set("mamba.ssm.conv_kernel", (uint)KernelLength)
            .Set("mamba.ssm.inner_size", (uint)InnerLength)
            .Set("mamba.ssm.state_size", (uint)StateLength)
            .Set("mamba.ssm.time_step_rank", (uint)TimeStepRank)
            .Set("mamba.feed_forward_length", 0u)
            .Set("mamba.attention.head_count", 0u);
        for (var block = 0; block < blockCount; block++)
        {
            var prefix = $"blk.{block}.";
            weights.AddOnes(prefix + "attn_norm.weight", EmbeddingLength);
            weights.AddMatrix(prefix + "ssm_in.weight", EmbeddingLength, 2 * InnerLength);
            weights.AddMatrix(prefix + "ssm_conv1d.weight", KernelLength, InnerLength);
            weights.Add(prefix + "ssm_conv1d.bias", scale: 0.1f, InnerLength);
            weights.AddMatrix(prefix + "ssm_x.weight", InnerLength, TimeStepRank + (2 * StateLength));
            weights.AddMatrix(prefix + "ssm_dt.weight", TimeStepRank, InnerLength);
            weights.Add(prefix + "ssm_dt.bias", scale: 0.1f, InnerLength);

            // Negative, so that the state decays: -1 to -16 along it, as the model is initialised by its authors.
            weights.AddValues(prefix + "ssm_a", i => -1f - (i % StateLength), StateLength, InnerLength);
            weights.AddOnes(prefix + "ssm_d", InnerLength);
            weights.AddMatrix(prefix + "ssm_out.weight", InnerLength, EmbeddingLength);
        }
    }

    /// <summary>Adds tensors of random values, all drawn from one seed in the order of the calls.</summary>
    private sealed class Weights(GgufWriter writer, int seed)
    {
        private readonly Random _random = new(seed);

        /// <summary>Scaled so that the output is about as large as the input.</summary>
        public void AddMatrix(string name, int rows, int columns) => Add(name, 1f / MathF.Sqrt(rows), rows, columns);

        public void AddOnes(string name, int length) => AddValues(name, _ => 1f, length);

        public void Add(string name, float scale, params long[] dimensions) => AddValues(name, _ => scale * Gaussian(), dimensions);

        public void AddValues(string name, Func<int, float> value, params long[] dimensions)
        {
            var values = new float[dimensions.Aggregate(1L, (product, dimension) => product * dimension)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = value(i);
            }

            writer.Add(GgufTensor.Float32(name, values, dimensions));
        }

        private float Gaussian() =>
            (float)(Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(Math.Tau * _random.NextDouble()));
    }
}
