using System.Text.Json;

namespace InferenceServer.Testing;

/// <summary>Real chat templates, conversations, and what Python's jinja2 makes of each pair.</summary>
internal static class ReferenceTemplates
{
    /// <summary>The day on which the reference was rendered.</summary>
    public static readonly FixedTime Clock = new(new DateTimeOffset(2026, 1, 15, 12, 0, 0, TimeSpan.Zero));

    private static readonly string Folder = RepositoryFiles.Data("chat-templates");

    private static readonly Lazy<JsonElement> AllCases = new(() => Read(Path.Combine(Folder, "cases.json")));

    /// <summary>Names of the templates, without extension.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Folder, "templates"), "*.jinja").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>The variables of each conversation, by its name.</summary>
    public static JsonElement Cases => AllCases.Value;

    public static string Source(string template) => File.ReadAllText(FileOf(template));

    public static string FileOf(string template) => Path.Combine(Folder, "templates", template + ".jinja");

    /// <summary>By conversation: <c>text</c>, or <c>error</c> with Python's exception type and message.</summary>
    public static JsonElement Expected(string template) => Read(Path.Combine(Folder, "expected", template + ".json"));

    private static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        return document.RootElement.Clone();
    }
}
