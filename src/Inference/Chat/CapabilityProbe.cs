using System.Collections.Immutable;
using InferenceServer.Inference.Chat.Jinja;

namespace InferenceServer.Inference.Chat;

/// <summary>
/// Finds out what a template wants by rendering small conversations and looking for their words in the text. Some thirty
/// renders, each under tight limits; a template that fails on all of them gets the most common form.
/// </summary>
internal sealed class CapabilityProbe(string source, JinjaTemplate template, TemplateVariables variables)
{
    // Enough for any real template over four messages, and a few milliseconds at the worst.
    private static readonly RenderLimits Limits = new() { MaxSteps = 200_000, MaxTextLength = 1_000_000 };

    // Words that no template contains.
    private const string First = "qfirstq";
    private const string Second = "qsecondq";
    private const string ArgumentName = "qargumentq";
    private const string ShortId = "abcdef123";
    private const string LongId = "call_abcdef123456";

    private static readonly string[] TypedRoles = ["system", "user", "assistant", "tool"];

    // Names under which templates read reasoning.
    private static readonly string[] Reasonings = ["reasoning_content", "reasoning", "thinking"];

    private readonly JinjaTemplate _template = template.WithLimits(Limits);

    public TemplateCapabilities Run()
    {
        var found = new TemplateCapabilities { ReasoningNames = ReasoningNames() };
        found = found with { RequiresParts = ProbeParts(found) };
        found = found with { System = ProbeSystem(found), RequiresAlternation = ProbeAlternation(found), AcceptsDeveloper = ProbeDeveloper(found) };
        found = ProbeCalls(found);
        found = found with { RequiresShortCallIds = Raises(found, Calls(LongId)) && !Raises(found, Calls(ShortId)) };
        found = found with { RefusesTextBesideReasoning = Raises(found, Calls(ShortId, First, Second)) && !Raises(found, Calls(ShortId)) };
        return found with { TypedRoles = [.. TypedRoles.Where(role => TakesParts(found, role))] };
    }

    private bool ProbeParts(TemplateCapabilities found) =>
        !Shows(found, [User(First)], First) && Shows(found with { RequiresParts = true }, [User(First)], First);

    private SystemSupport ProbeSystem(TemplateCapabilities found)
    {
        if (!Shows(found, [System(First), User("hi")], First))
        {
            return SystemSupport.None;
        }

        var anywhere = Shows(found, [System(First), System(Second), User("hi")], First, Second)
            && Shows(found, [System(First), User("hi"), Assistant("hello"), System(Second), User("hi")], First, Second);
        return anywhere ? SystemSupport.Anywhere : SystemSupport.FirstOnly;
    }

    private bool ProbeAlternation(TemplateCapabilities found) => Raises(found, [User(First), User(Second)]) && !Raises(found, [User(First)]);

    private bool ProbeDeveloper(TemplateCapabilities found) =>
        Quotes("developer") && Shows(found with { AcceptsDeveloper = true }, [new ChatMessage { Role = "developer", Content = First }, User("hi")], First);

    // The first form, in order of what is common, that shows the arguments as they are.
    private TemplateCapabilities ProbeCalls(TemplateCapabilities found)
    {
        foreach (var content in new[] { EmptyContent.EmptyText, EmptyContent.Null, EmptyContent.Missing })
        {
            foreach (var asText in new[] { false, true })
            {
                var candidate = found with { EmptyContent = content, WantsArgumentsAsText = asText };
                if (ShowsArguments(candidate))
                {
                    return candidate;
                }
            }
        }

        return found;
    }

    // A text where an object is wanted comes out quoted twice, an object where a text is wanted in Python's notation.
    private bool ShowsArguments(TemplateCapabilities found) =>
        Render(found, Calls(ShortId)) is { } text
        && text.Contains(ArgumentName, StringComparison.Ordinal)
        && text.Contains(Second, StringComparison.Ordinal)
        && !text.Contains($"\\\"{ArgumentName}", StringComparison.Ordinal)
        && !text.Contains($"'{ArgumentName}'", StringComparison.Ordinal);

    // Parts are taken if both texts appear and their wrapping does not.
    private bool TakesParts(TemplateCapabilities found, string role)
    {
        if (role == "system" && found.System == SystemSupport.None)
        {
            return false;
        }

        var typed = Render(found with { TypedRoles = [role] }, WithParts(role, [First, Second]));
        var plain = Render(found, WithParts(role, [First]));
        return typed is not null && plain is not null
            && typed.Contains(First, StringComparison.Ordinal) && typed.Contains(Second, StringComparison.Ordinal)
            && Wrappings(typed) <= Wrappings(plain);
    }

    private static ImmutableArray<ChatMessage> WithParts(string role, ImmutableArray<string> parts) => role switch
    {
        "system" => [new ChatMessage { Role = role, Parts = parts }, User("hi")],
        "user" => [new ChatMessage { Role = role, Parts = parts }],
        "assistant" => [User("hi"), new ChatMessage { Role = role, Parts = parts }, User("hi")],
        _ => [User("hi"), Call(ShortId), new ChatMessage { Role = role, Parts = parts, ToolCallId = ShortId }],
    };

    private static int Wrappings(string text) => text.AsSpan().Count("'type'") + text.AsSpan().Count("\"type\"");

    private ImmutableArray<string> ReasoningNames()
    {
        ImmutableArray<string> names = [.. Reasonings.Where(name => Quotes(name) || HasMember(name))];
        return names.IsEmpty ? [Reasonings[0]] : names;
    }

    private bool Quotes(string name) =>
        source.Contains($"'{name}'", StringComparison.Ordinal) || source.Contains($"\"{name}\"", StringComparison.Ordinal);

    private bool HasMember(string name)
    {
        for (var at = source.IndexOf("." + name, StringComparison.Ordinal); at >= 0; at = source.IndexOf("." + name, at + 1, StringComparison.Ordinal))
        {
            var end = at + 1 + name.Length;
            if (end == source.Length || !(char.IsLetterOrDigit(source[end]) || source[end] == '_'))
            {
                return true;
            }
        }

        return false;
    }

    private bool Shows(TemplateCapabilities found, ImmutableArray<ChatMessage> messages, params ReadOnlySpan<string> words)
    {
        var text = Render(found, messages);
        foreach (var word in words)
        {
            if (text is null || !text.Contains(word, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    // True only for the template's own refusal: other failures say nothing about what it wants.
    private bool Raises(TemplateCapabilities found, ImmutableArray<ChatMessage> messages)
    {
        try
        {
            RenderOrThrow(found, messages);
            return false;
        }
        catch (TemplateException failure)
        {
            return failure.Kind == TemplateErrorKind.Raised;
        }
    }

    private string? Render(TemplateCapabilities found, ImmutableArray<ChatMessage> messages)
    {
        try
        {
            return RenderOrThrow(found, messages);
        }
        catch (TemplateException)
        {
            return null;
        }
    }

    private string RenderOrThrow(TemplateCapabilities found, ImmutableArray<ChatMessage> messages)
    {
        var prompt = new ChatPrompt { Messages = messages };
        return _template.Render(variables.Build(prompt, ConversationShaper.Shape(messages, found), found), TimeProvider.System).Text;
    }

    private static ChatMessage System(string text) => new() { Role = "system", Content = text };

    private static ChatMessage User(string text) => new() { Role = "user", Content = text };

    private static ChatMessage Assistant(string text) => new() { Role = "assistant", Content = text };

    private static ChatMessage Call(string id, string? text = null, string? reasoning = null) => new()
    {
        Role = "assistant",
        Content = text,
        Reasoning = reasoning,
        ToolCalls = [new ChatToolCall(id, "get_time", $$"""{"{{ArgumentName}}": "{{Second}}"}""")],
    };

    private static ImmutableArray<ChatMessage> Calls(string id, string? text = null, string? reasoning = null) =>
        [User("hi"), Call(id, text, reasoning), new ChatMessage { Role = "tool", Content = "noon", ToolCallId = id }];
}
