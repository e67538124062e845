namespace InferenceServer.Inference.Engine;

/// <summary>The engine cannot start; the message is one line that tells an operator what to do.</summary>
public sealed class EngineLoadException(string message, Exception? innerException = null) : Exception(message, innerException);
