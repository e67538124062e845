using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>One way of writing calls: its markers, and the reader for it. Immutable data.</summary>
internal abstract record CallSyntax
{
    /// <summary>Markers that begin calls in the middle of content. Empty for a syntax that only stands at the start of an answer.</summary>
    public abstract ImmutableArray<string> Openers { get; }

    /// <summary>All markers, to know which control tokens matter.</summary>
    public abstract ImmutableArray<string> Markers { get; }

    /// <summary>The character that begins calls without a marker at the start of an answer; null if there is none.</summary>
    public virtual char? BareOpener => null;

    /// <summary>True: the markers also part the answer itself, so they are read even if the request has no tools.</summary>
    public virtual bool PartsMessages => false;

    /// <summary>The syntax as a model writes it whose template has this source.</summary>
    public virtual CallSyntax Adapt(string template) => this;

    /// <summary>A reader for what follows.</summary>
    /// <param name="scene">What it works on; the opener was not consumed.</param>
    /// <param name="opener">The opener that was found; null for a bare start, or if the prompt ended with it.</param>
    public abstract CallReader Reader(CallScene scene, string? opener);

    /// <summary>True: a template has a marker and nowhere a line break behind it, written out or as an escape.</summary>
    protected static bool IsFollowedDirectly(string template, string? marker) =>
        marker is not null
        && template.Contains(marker, StringComparison.Ordinal)
        && !template.Contains(marker + "\n", StringComparison.Ordinal)
        && !template.Contains(marker + "\\n", StringComparison.Ordinal);

    protected static ImmutableArray<string> Given(params ReadOnlySpan<string?> markers)
    {
        var given = ImmutableArray.CreateBuilder<string>();
        foreach (var marker in markers)
        {
            if (!string.IsNullOrEmpty(marker))
            {
                given.Add(marker);
            }
        }

        return given.ToImmutable();
    }
}
