namespace InferenceServer.Inference.Chat;

/// <summary>Brings a conversation into the shape that a template can render, without losing text.</summary>
internal static class ConversationShaper
{
    // Between texts of merged messages: a paragraph.
    private const string MessageSeparator = "\n\n";

    /// <summary>Between parts of one message, as llama.cpp joins them.</summary>
    public const string PartSeparator = "\n";

    public static IReadOnlyList<ChatMessage> Shape(IReadOnlyList<ChatMessage> messages, TemplateCapabilities capabilities)
    {
        var shaped = messages.Select(message => ShapeOne(message, capabilities)).ToList();
        shaped = capabilities.System switch
        {
            SystemSupport.FirstOnly => MoveSystemToFront(shaped),
            SystemSupport.None => MoveSystemToUser(shaped),
            _ => shaped,
        };
        if (capabilities.RequiresAlternation)
        {
            shaped = MergeNeighbours(shaped);
        }

        NameToolResults(shaped);
        if (capabilities.RequiresShortCallIds)
        {
            ShortCallIds.Apply(shaped);
        }

        return shaped.ConvertAll(message => ShapeContent(message, capabilities));
    }

    private static ChatMessage ShapeOne(ChatMessage message, TemplateCapabilities capabilities)
    {
        if (message.Role == "developer" && !capabilities.AcceptsDeveloper)
        {
            message = message with { Role = "system" };
        }

        var joinsReasoning = capabilities.RefusesTextBesideReasoning && message.ToolCalls.Length > 0
            && !string.IsNullOrEmpty(message.Reasoning) && Text(message).Length > 0;
        return joinsReasoning
            ? message with { Reasoning = message.Reasoning + MessageSeparator + Text(message), Content = null, Parts = default }
            : message;
    }

    // Parts for templates that iterate over them, one text for all others.
    private static ChatMessage ShapeContent(ChatMessage message, TemplateCapabilities capabilities)
    {
        if (message.Parts.IsDefaultOrEmpty)
        {
            return capabilities.RequiresParts && !string.IsNullOrEmpty(message.Content) ? message with { Parts = [message.Content] } : message;
        }

        return capabilities.RequiresParts || capabilities.TypedRoles.Contains(message.Role)
            ? message
            : message with { Content = Text(message), Parts = default };
    }

    private static List<ChatMessage> MoveSystemToFront(List<ChatMessage> messages)
    {
        var systems = messages.FindAll(IsSystem);
        return systems.Count == 0 || (systems.Count == 1 && IsSystem(messages[0]))
            ? messages
            : [systems.Aggregate(Merge), .. messages.Where(message => !IsSystem(message))];
    }

    private static List<ChatMessage> MoveSystemToUser(List<ChatMessage> messages)
    {
        var systems = messages.FindAll(IsSystem);
        if (systems.Count == 0)
        {
            return messages;
        }

        var asUser = systems.Aggregate(Merge) with { Role = "user", Name = null };
        var others = messages.FindAll(message => !IsSystem(message));
        var first = others.FindIndex(message => message.Role == "user");
        if (first < 0)
        {
            return [asUser, .. others];
        }

        others[first] = Merge(asUser, others[first]) with { Name = others[first].Name };
        return others;
    }

    private static List<ChatMessage> MergeNeighbours(List<ChatMessage> messages)
    {
        var merged = new List<ChatMessage>(messages.Count);
        foreach (var message in messages)
        {
            var mergeable = message.Role is "user" or "assistant" && message.ToolCalls.IsEmpty;
            if (mergeable && merged.Count > 0 && merged[^1].Role == message.Role && merged[^1].ToolCalls.IsEmpty)
            {
                merged[^1] = Merge(merged[^1], message);
            }
            else
            {
                merged.Add(message);
            }
        }

        return merged;
    }

    // Templates that print a result's function want its name, which clients rarely send.
    private static void NameToolResults(List<ChatMessage> messages)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < messages.Count; i++)
        {
            foreach (var call in messages[i].ToolCalls)
            {
                names[call.Id] = call.Name;
            }

            if (messages[i] is { Role: "tool", Name: null, ToolCallId: { } id } && names.TryGetValue(id, out var name))
            {
                messages[i] = messages[i] with { Name = name };
            }
        }
    }

    private static ChatMessage Merge(ChatMessage first, ChatMessage second) => first with
    {
        Content = string.Join(MessageSeparator, new[] { Text(first), Text(second) }.Where(text => text.Length > 0)),
        Parts = default,
        Reasoning = second.Reasoning ?? first.Reasoning,
    };

    private static string Text(ChatMessage message) =>
        message.Parts.IsDefaultOrEmpty ? message.Content ?? "" : string.Join(PartSeparator, message.Parts);

    private static bool IsSystem(ChatMessage message) => message.Role == "system";
}
