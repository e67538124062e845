using System.Diagnostics.CodeAnalysis;

namespace InferenceServer.Inference.Models;

/// <summary>Outcome of <see cref="ModelFile.Read(string, ModelPurpose)"/>.</summary>
public sealed record ModelFileResult
{
    /// <summary><see cref="ModelFileError.None"/>, or what is wrong.</summary>
    public required ModelFileError Error { get; init; }

    /// <summary>One line for the operator that begins with the path; null if nothing is wrong.</summary>
    public string? Message { get; init; }

    /// <summary>The model; null if something is wrong.</summary>
    public ModelFile? File { get; init; }

    /// <summary>True if there is a model.</summary>
    [MemberNotNullWhen(true, nameof(File))]
    [MemberNotNullWhen(false, nameof(Message))]
    public bool IsUsable => File is not null;
}
