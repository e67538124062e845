using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>gpt-oss's messages: a head that names channel and recipient, then a thought, an answer, or a call's arguments.</summary>
internal sealed record HarmonyMessages : CallSyntax
{
    public const string Start = "<|start|>";
    public const string Channel = "<|channel|>";
    public const string Message = "<|message|>";
    public const string Constrain = "<|constrain|>";
    public const string Call = "<|call|>";
    public const string End = "<|end|>";
    public const string Return = "<|return|>";

    /// <summary>With which a thought begins.</summary>
    public const string ThoughtStart = Channel + "analysis" + Message;

    public override ImmutableArray<string> Openers => [Start, Channel];

    public override ImmutableArray<string> Markers => [Start, Channel, Message, Constrain, Call, End, Return];

    public override bool PartsMessages => true;

    public override CallReader Reader(CallScene scene, string? opener) => new HarmonyReader(scene, opener);
}
