using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Calls as JSON objects of name and arguments, one or a list, between markers or bare.</summary>
/// <param name="Open">Marker before the JSON; null if there is only the bare form.</param>
/// <param name="Close">Marker after the JSON; null if there is none. A model may leave it out.</param>
internal sealed record JsonCalls(string? Open, string? Close) : CallSyntax
{
    /// <summary>True: an object at the very start of an answer is a call too, if it names one of the request's tools.</summary>
    public bool IsBareAllowed { get; init; }

    /// <summary>True: an object's only member is the call, its name that of the function.</summary>
    public bool IsNameKey { get; init; }

    /// <summary>True: the model writes calls bare rather than between markers.</summary>
    public bool WritesBare { get; init; }

    /// <summary>True: the model writes one list of calls rather than each between markers of its own.</summary>
    public bool IsList { get; init; }

    /// <summary>What the model writes between markers and calls.</summary>
    public string Space { get; init; } = "";

    /// <summary>What the model writes before each call of a list.</summary>
    public string Indent { get; init; } = "";

    /// <summary>The member for the name.</summary>
    public string NameKey { get; init; } = "name";

    /// <summary>The member for the arguments.</summary>
    public string ArgumentsKey { get; init; } = "arguments";

    /// <summary>The first member, which holds a number; null if there is none.</summary>
    public string? NumberKey { get; init; }

    /// <summary>The last member, which holds an id of nine letters and digits and may be left out; null if there is none.</summary>
    public string? IdKey { get; init; }

    public override ImmutableArray<string> Openers => Given(Open);

    public override ImmutableArray<string> Markers => Given(Open, Close);

    public override char? BareOpener => IsBareAllowed ? '{' : null;

    public override CallSyntax Adapt(string template) => this with { Space = Space.Length > 0 && IsFollowedDirectly(template, Open) ? "" : Space };

    public override CallReader Reader(CallScene scene, string? opener) => new JsonCallReader(scene, this, opener);
}
