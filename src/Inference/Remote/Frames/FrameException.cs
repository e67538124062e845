namespace InferenceServer.Inference.Remote.Frames;

/// <summary>What came is no frame, or not one of ours: the connection ends here. The message says what is wrong with it.</summary>
internal sealed class FrameException(string message) : Exception(message);
