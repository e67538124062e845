namespace InferenceServer.Inference.Models;

/// <summary>Outcome of <see cref="LoadedModel.Load"/>.</summary>
/// <param name="Status">What happened.</param>
/// <param name="Model">The model, to be disposed; null unless <see cref="ModelLoadStatus.Loaded"/>.</param>
/// <param name="Detail">What the library said, in one line; null if <see cref="ModelLoadStatus.Loaded"/> or cancelled.</param>
internal sealed record ModelLoadResult(ModelLoadStatus Status, LoadedModel? Model, string? Detail);

/// <summary>Whether a model was loaded.</summary>
internal enum ModelLoadStatus
{
    /// <summary>It is there.</summary>
    Loaded,

    /// <summary>The library refused the file or ran out of memory.</summary>
    Failed,

    /// <summary>The caller gave up before the end.</summary>
    Cancelled,
}
