using System.Globalization;
using System.Text;

namespace InferenceServer.Testing;

/// <summary>The real vocabularies of <c>Data/vocabularies</c>, and the texts and ids that llama.cpp's own tests expect of them.</summary>
internal static class VocabularyCases
{
    private const string Separator = "\n__ggml_vocab_test__\n";

    /// <summary>Names of the vocabularies.</summary>
    public static IReadOnlyList<string> Names { get; } = ["gpt-2", "phi-3", "qwen2"];

    /// <summary>The GGUF file of a vocabulary, without weights.</summary>
    public static string File(string name) => RepositoryFiles.Data("vocabularies", $"{name}.gguf");

    /// <summary>Texts with the ids they have when nothing is added around them.</summary>
    public static IReadOnlyList<(string Text, int[] Tokens)> Read(string name)
    {
        var texts = System.IO.File.ReadAllText($"{File(name)}.inp", Encoding.UTF8).Split(Separator)[..^1];
        var tokens = System.IO.File.ReadAllLines($"{File(name)}.out")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToArray());
        return [.. texts.Zip(tokens)];
    }

    /// <summary>What the reference made of every chat template and conversation: realistic prompts full of control tokens of many families.</summary>
    public static IEnumerable<string> RenderedPrompts()
    {
        foreach (var file in Directory.EnumerateFiles(RepositoryFiles.Data("chat-templates", "expected"), "*.json").Order(StringComparer.Ordinal))
        {
            using var cases = System.Text.Json.JsonDocument.Parse(System.IO.File.ReadAllBytes(file));
            foreach (var item in cases.RootElement.EnumerateObject())
            {
                if (item.Value.TryGetProperty("text", out var text))
                {
                    yield return text.GetString()!;
                }
            }
        }
    }
}
