using System.Collections.Immutable;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Anthropic;

/// <summary>What a Messages request comes to.</summary>
/// <param name="Chat">The same as a chat request.</param>
/// <param name="SkippedTools">Names of tools that only Anthropic can run.</param>
internal sealed record MappedMessages(ValidChatRequest Chat, ImmutableArray<string> SkippedTools);
