using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Gemma 4's calls: <c>call:name{key:value}</c> between markers, in its own notation of values.</summary>
internal sealed record GemmaCalls : CallSyntax
{
    public const string Open = "<|tool_call>";
    public const string Close = "<tool_call|>";
    public const string Head = "call:";

    public override ImmutableArray<string> Openers => [Open];

    public override ImmutableArray<string> Markers => [Open, Close, .. LiteralNotation.Gemma.Quotes];

    public override CallReader Reader(CallScene scene, string? opener) => new GemmaCallReader(scene);
}
