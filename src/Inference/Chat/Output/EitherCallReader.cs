namespace InferenceServer.Inference.Chat.Output;

/// <summary>Reads <see cref="EitherCalls"/>: waits for the character that tells, then hands over.</summary>
internal sealed class EitherCallReader(CallScene scene, EitherCalls syntax, string opener) : CallReader(scene)
{
    // More space than a model writes between a marker and a call.
    private const int MaxLookAhead = 64;

    private readonly CallScene _scene = scene;
    private CallReader? _chosen;

    public override CallProgress Read()
    {
        _chosen ??= Choose();
        return _chosen?.Read() ?? CallProgress.NeedsMore;
    }

    public override bool Cut() => _chosen!.Cut();

    private CallReader? Choose()
    {
        var rest = Cursor.Rest[opener.Length..];
        var isFull = rest.Length >= MaxLookAhead;
        rest = rest[..Math.Min(rest.Length, MaxLookAhead)].TrimStart();
        rest = rest.StartsWith('[') ? rest[1..].TrimStart() : rest;
        if (rest.IsEmpty && !isFull)
        {
            return null;
        }

        return (rest.StartsWith('{') ? syntax.Json : syntax.Other).Reader(_scene, opener);
    }
}
