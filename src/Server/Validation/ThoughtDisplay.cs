namespace InferenceServer.Server.Validation;

/// <summary>What becomes of a model's thoughts in the answer.</summary>
internal enum ThoughtDisplay
{
    /// <summary>They have a field of their own.</summary>
    Apart,

    /// <summary>They are left out.</summary>
    Hidden,

    /// <summary>They stay in the text as the model writes them.</summary>
    InText,
}
