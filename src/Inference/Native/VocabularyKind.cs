namespace InferenceServer.Inference.Native;

/// <summary><c>llama_vocab_type</c>: the algorithm that splits text into tokens.</summary>
internal enum VocabularyKind
{
    /// <summary>The model has no vocabulary.</summary>
    None = 0,

    /// <summary>SentencePiece with byte fallback (Llama 2).</summary>
    SentencePiece = 1,

    /// <summary>Byte-level BPE (GPT-2, Llama 3, Qwen); the only one that runs regular expressions.</summary>
    BytePair = 2,

    /// <summary>WordPiece (BERT).</summary>
    WordPiece = 3,

    /// <summary>Unigram (T5).</summary>
    Unigram = 4,

    /// <summary>RWKV's greedy one.</summary>
    Rwkv = 5,

    /// <summary>PLaMo-2's.</summary>
    Plamo2 = 6,
}
