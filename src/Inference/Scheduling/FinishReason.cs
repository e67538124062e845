namespace InferenceServer.Inference.Scheduling;

/// <summary>Why a generation ended. Wire names are the Server's business.</summary>
public enum FinishReason
{
    /// <summary>The model ended its turn, or a stop text matched.</summary>
    Stop,

    /// <summary>The token limit of the request or of the context was reached.</summary>
    Length,

    /// <summary>The client left or the server is stopping.</summary>
    Aborted,

    /// <summary>The device failed under this request; nothing the client did.</summary>
    Error,
}
