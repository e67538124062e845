using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Chat;

/// <summary>Opens the last message of a rendered conversation again, so that the model goes on with it.</summary>
internal static class FinalMessage
{
    /// <summary>The prompt up to the end of the last message's text; white space at its end is kept as far as the template kept it.</summary>
    /// <param name="prompt">A rendered conversation.</param>
    /// <param name="text">The last message's text; not blank.</param>
    /// <exception cref="TemplateException">The template did not write the text as it is.</exception>
    public static PromptText Open(PromptText prompt, string text)
    {
        var core = text.Trim();
        var segments = prompt.Segments;
        for (var index = segments.Length - 1; index >= 0; index--)
        {
            // Only what came from the request: a template's own words may say the same.
            var segment = segments[index];
            var at = segment.FromTemplate ? -1 : segment.Text.LastIndexOf(core, StringComparison.Ordinal);
            if (at >= 0)
            {
                var end = at + core.Length;
                var tail = text.TrimStart()[core.Length..];
                end += segment.Text.AsSpan(end).StartsWith(tail, StringComparison.Ordinal) ? tail.Length : 0;
                return prompt with { Segments = [.. segments.AsSpan(0, index), segment with { Text = segment.Text[..end] }] };
            }
        }

        throw new TemplateException("The final message cannot be continued: this model's chat template does not render its text as it is.", TemplateErrorKind.Evaluation);
    }
}
