using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.LlamaServer;

/// <summary>
/// The fields of <c>POST /completion</c> and <c>POST /infill</c> that this server reads. Null means absent; unknown fields are ignored. Read
/// by NativeRequestReader; these types are the contract that the API description shows, and a test holds the two together.
/// </summary>
internal abstract record NativeRequest : TextRequest
{
    /// <summary>Tokens to generate at most; null or -1 as many as the context holds, 0 none.</summary>
    public int? NPredict { get; init; }

    /// <summary>Report how likely each token was, with so many alternatives.</summary>
    [Range(0, 20)]
    public int? NProbs { get; init; }

    /// <summary>True is refused.</summary>
    public bool? ReturnTokens { get; init; }
}

/// <summary>Body of <c>POST /completion</c>.</summary>
/// <inheritdoc cref="NativeRequest"/>
internal sealed record NativeCompletionRequest : NativeRequest
{
    /// <summary>The text to go on with, or several, as text or as token ids. Names of control tokens in it become those tokens.</summary>
    [Description("A string, an array of strings, an array of token ids, or an array of arrays of token ids.")]
    public required JsonElement Prompt { get; init; }
}

/// <summary>Body of <c>POST /infill</c>.</summary>
/// <inheritdoc cref="NativeRequest"/>
internal sealed record NativeInfillRequest : NativeRequest
{
    /// <summary>The text before the gap.</summary>
    public required string InputPrefix { get; init; }

    /// <summary>The text after the gap.</summary>
    public required string InputSuffix { get; init; }

    /// <summary>Other texts that help, put before the prefix.</summary>
    public IReadOnlyList<InfillExtra>? InputExtra { get; init; }

    /// <summary>Added to the prefix.</summary>
    public string? Prompt { get; init; }
}

/// <summary>Another text that helps to fill a gap.</summary>
internal sealed record InfillExtra
{
    /// <summary>Where it is from.</summary>
    public string? Filename { get; init; }

    public required string Text { get; init; }
}
