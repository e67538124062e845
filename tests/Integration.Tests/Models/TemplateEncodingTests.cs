using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Chat.Jinja;
using InferenceServer.Inference.Models;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Models;

/// <summary>From conversation to tokens: what the templates write and what requests say, told apart all the way.</summary>
[Collection(NativeCollection.Name)]
public sealed class TemplateEncodingTests(VocabularyFixture models) : IClassFixture<VocabularyFixture>
{
    public static TheoryData<string> Names => [.. VocabularyCases.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_EveryTemplateAndConversation_EqualsOneCallUnlessTheRequestHoldsMarkers(string vocabularyName)
    {
        var model = models[vocabularyName];
        var encoder = new PromptEncoder(model.NativeVocabulary, model.Vocabulary, escapeControlTokens: true);
        var (equal, escaped, shared) = (0, 0, 0);
        foreach (var prompt in Render(vocabularyName))
        {
            var tokens = encoder.Encode(prompt, CancellationToken.None).ToArray();
            shared += prompt.Segments.Length > 1 ? 1 : 0;
            if (MarkersOfTheRequest(model.Vocabulary, prompt))
            {
                // Fewer control tokens than a careless tokenizer would find, and not a character lost.
                var careless = Whole(model, prompt.ToString());
                Assert.True(tokens.Count(model.Vocabulary.IsControl) < careless.Count(model.Vocabulary.IsControl));
                escaped++;
            }
            else
            {
                Assert.Equal(Whole(model, prompt.ToString()), tokens);
                equal++;
            }
        }

        Assert.True(equal > 200 && shared > 200, $"{equal} equal, {escaped} escaped, {shared} with text of both authors.");
        Assert.True(escaped > 0 || vocabularyName != "qwen2", "No conversation holds a marker.");
    }

    /// <summary>All 24 templates, with the commonest markers replaced by ones that this vocabulary has.</summary>
    private static IEnumerable<PromptText> Render(string vocabularyName)
    {
        foreach (var name in ReferenceTemplates.Names)
        {
            var source = ReferenceTemplates.Source(name);
            source = vocabularyName switch
            {
                "phi-3" => source.Replace("<|im_start|>", "<|user|>", StringComparison.Ordinal).Replace("<|im_end|>", "<|end|>", StringComparison.Ordinal),
                "gpt-2" => source.Replace("<|im_end|>", "<|endoftext|>", StringComparison.Ordinal),
                _ => source.Replace("<|eot_id|>", "<|im_end|>", StringComparison.Ordinal).Replace("<|start_header_id|>", "<|im_start|>", StringComparison.Ordinal),
            };
            var template = JinjaTemplate.Parse(source);
            foreach (var expected in ReferenceTemplates.Expected(name).EnumerateObject().Where(item => item.Value.TryGetProperty("text", out _)))
            {
                yield return template.Render(Variables(ReferenceTemplates.Cases.GetProperty(expected.Name)), ReferenceTemplates.Clock).ToPrompt();
            }
        }
    }

    private static Dictionary<string, Value> Variables(JsonElement context)
    {
        var variables = context.EnumerateObject().ToDictionary(property => property.Name, property => JsonValues.Of(property.Value));
        variables["bos_token"] = TextValue.OfTemplate("");
        variables["eos_token"] = TextValue.OfTemplate("");
        return variables;
    }

    /// <summary>True if a control token's text is in the prompt without the template having written all of it.</summary>
    private static bool MarkersOfTheRequest(Vocabulary vocabulary, PromptText prompt)
    {
        var text = prompt.ToString();
        var isTemplate = prompt.Segments.SelectMany(segment => Enumerable.Repeat(segment.FromTemplate, segment.Text.Length)).ToArray();
        foreach (var name in vocabulary.Special.Where(token => !token.IsUserDefined).Select(token => Encoding.UTF8.GetString(token.Text)))
        {
            for (var match = text.IndexOf(name, StringComparison.Ordinal); match >= 0; match = text.IndexOf(name, match + 1, StringComparison.Ordinal))
            {
                if (!isTemplate.AsSpan(match, name.Length).SequenceEqual(Enumerable.Repeat(true, name.Length).ToArray()))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static int[] Whole(LoadedModel model, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var tokens = new int[bytes.Length + 16];
        var count = model.NativeVocabulary.Tokenize(bytes, tokens, addSpecial: false, parseSpecial: true);
        int[] whole = tokens[..count];
        return model.Vocabulary.AddsBos && (count == 0 || whole[0] != model.Vocabulary.Bos) ? [model.Vocabulary.Bos!.Value, .. whole] : whole;
    }
}
