namespace InferenceServer.Inference.Chat.Output;

/// <summary>Reads <see cref="EitherCalls"/>: waits for the character that tells, then hands over.</summary>
internal sealed class EitherCallReader(CallScene scene, EitherCalls syntax, string opener) : CallReader(scene)
{
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
        var rest = Cursor.Rest[opener.Length..].TrimStart();
        if (rest.StartsWith('['))
        {
            rest = rest[1..].TrimStart();
            return rest.IsEmpty ? null : (rest[0] == '{' ? syntax.Json : syntax.Other).Reader(_scene, opener);
        }

        return rest.IsEmpty ? null : (rest[0] == '{' ? syntax.Json : syntax.Other).Reader(_scene, opener);
    }
}
