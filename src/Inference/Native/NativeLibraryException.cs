namespace InferenceServer.Inference.Native;

/// <summary>
/// The llama.cpp libraries are missing, broken, of another release or without a backend for this processor. The message is
/// one line for an operator that says what was looked for where.
/// </summary>
public sealed class NativeLibraryException : Exception
{
    public NativeLibraryException(string message)
        : base(message)
    {
    }

    public NativeLibraryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public NativeLibraryException()
    {
    }
}
