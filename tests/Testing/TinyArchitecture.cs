namespace InferenceServer.Testing;

/// <summary>The kinds of memory that the engine must tell apart.</summary>
internal enum TinyArchitecture
{
    /// <summary><c>llama</c>: every token attends to all before it.</summary>
    Llama,

    /// <summary><c>gemma3</c>: every other layer sees a window only.</summary>
    SlidingWindow,

    /// <summary><c>mamba</c>: a state instead of cells; positions cannot be taken back.</summary>
    Recurrent,
}
