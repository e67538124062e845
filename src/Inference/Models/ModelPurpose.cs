namespace InferenceServer.Inference.Models;

/// <summary>What a model file is wanted for.</summary>
public enum ModelPurpose
{
    /// <summary>To continue text.</summary>
    Generation,

    /// <summary>To turn whole texts into vectors, or pairs of them into scores.</summary>
    Embedding,
}
