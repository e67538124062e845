namespace InferenceServer.Inference.Chat;

/// <summary>A call of a function in an assistant's message.</summary>
/// <param name="Id">Id that the tool's answer refers to.</param>
/// <param name="Name">Name of the function.</param>
/// <param name="Arguments">Arguments as the client wrote them: normally a JSON object's text, possibly broken.</param>
public sealed record ChatToolCall(string Id, string Name, string Arguments);
