using InferenceServer.Inference.Chat.Jinja;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Chat;

/// <summary>
/// A model's chat template, parsed once. Renders conversations into prompts that remember which characters the template wrote,
/// after bringing each conversation into the form that the template wants. Immutable; any thread.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The template for models that bring none: ChatML, the most common form. It knows no tools.</summary>
    public const string FallbackSource =
        """
        {%- for message in messages %}
            {{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
        {%- endif %}
        """;

    private readonly JinjaTemplate _template;
    private readonly TemplateVariables _variables;
    private readonly TimeProvider _clock;

    private ChatTemplate(string source, string? bosToken, string? eosToken, TimeProvider clock)
    {
        Source = source;
        _template = JinjaTemplate.Parse(source);
        _variables = new TemplateVariables(bosToken, eosToken, clock);
        _clock = clock;
        Capabilities = new CapabilityProbe(source, _template, _variables).Run();
    }

    /// <summary>The template as it was given.</summary>
    public string Source { get; }

    internal TemplateCapabilities Capabilities { get; }

    /// <summary>Parses a template and finds out, by some small renders, what input it wants.</summary>
    /// <param name="source">Jinja source.</param>
    /// <param name="bosToken">Text of the beginning-of-sequence token; null if the model has none.</param>
    /// <param name="eosToken">Text of the end-of-sequence token; null if the model has none.</param>
    /// <param name="clock">Gives the local date to templates that print it; null means the system's.</param>
    /// <exception cref="TemplateSyntaxException">The source is no template.</exception>
    public static ChatTemplate Parse(string source, string? bosToken, string? eosToken, TimeProvider? clock = null) =>
        new(source, bosToken, eosToken, clock ?? TimeProvider.System);

    /// <summary>Renders a conversation.</summary>
    /// <exception cref="TemplateException">The template refused the conversation (its own message), failed on it, or reached a limit.</exception>
    public PromptText Render(ChatPrompt prompt)
    {
        if (!prompt.ContinueFinalMessage)
        {
            return RenderWhole(prompt);
        }

        var last = prompt.Messages[^1];
        var text = last.Parts.IsDefaultOrEmpty ? last.Content ?? "" : string.Join(ConversationShaper.PartSeparator, last.Parts);
        return string.IsNullOrWhiteSpace(text)
            ? RenderWhole(prompt with { Messages = prompt.Messages[..^1], AddGenerationPrompt = true })
            : FinalMessage.Open(RenderWhole(prompt with { AddGenerationPrompt = false }), text);
    }

    private PromptText RenderWhole(ChatPrompt prompt)
    {
        var messages = ConversationShaper.Shape(prompt.Messages, Capabilities);
        return _template.Render(_variables.Build(prompt, messages, Capabilities), _clock).ToPrompt();
    }
}
