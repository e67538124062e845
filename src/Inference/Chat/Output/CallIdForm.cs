namespace InferenceServer.Inference.Chat.Output;

/// <summary>The form of the ids that we make for calls to which the model gave none.</summary>
internal enum CallIdForm
{
    /// <summary><c>call_</c> and 24 letters and digits, as OpenAI's are.</summary>
    OpenAi,

    /// <summary>Nine letters and digits, the only form that Mistral's templates take.</summary>
    NineCharacters,
}
