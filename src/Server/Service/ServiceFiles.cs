using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Service;

/// <summary>A service's settings and secrets, as they are or as they are to be.</summary>
internal sealed record ServiceFiles
{
    /// <summary>What the environment file of a new installation says.</summary>
    public const string NewEnvironmentText =
        """
        # Secrets of inference-server, one NAME='value' a line: Server__ApiKey for clients, HF_TOKEN for private models.

        """;

    private const string KeySetting = "Server:ApiKey";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Text of the settings file.</summary>
    public required string SettingsText { get; init; }

    /// <summary>Text of the environment file.</summary>
    public required string EnvironmentText { get; init; }

    /// <summary>The settings that the server will have by these files.</summary>
    public required Settings Settings { get; init; }

    /// <summary>What the environment file sets.</summary>
    public IReadOnlyList<(string Name, string Value)> Variables => ParseVariables(EnvironmentText);

    /// <summary>
    /// Takes over what is there, with settings changed, and checks that the server will take it. Throws <see cref="StartupException"/>. An API key goes to the
    /// environment file, everything else to the settings file.
    /// </summary>
    /// <param name="service">Whose.</param>
    /// <param name="facts">What is there.</param>
    /// <param name="changes">Settings by their keys.</param>
    public static ServiceFiles Create(ServiceDefinition service, ServiceFacts facts, IReadOnlyDictionary<string, string?> changes)
    {
        var environment = facts.EnvironmentText ?? NewEnvironmentText;
        if (changes.TryGetValue(KeySetting, out var key))
        {
            environment = SetVariable(environment, "Server__ApiKey", key ?? "");
        }

        var settings = Change(service, facts.SettingsText, changes.Where(change => change.Key != KeySetting));
        return new ServiceFiles { SettingsText = settings, EnvironmentText = environment, Settings = Read(service, settings, environment) };
    }

    private static Settings Read(ServiceDefinition service, string settingsText, string environmentText)
    {
        var configuration = new ConfigurationManager();
        var json = new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(settingsText)));
        configuration.AddConfiguration(json.Build());
        configuration.AddInMemoryCollection(service.Environment().Concat(ParseVariables(environmentText)).ToDictionary(variable => variable.Name.Replace("__", ":", StringComparison.Ordinal), variable => (string?)variable.Value));
        var settings = SettingsReader.Read(configuration, out var errors);
        return errors.Count == 0 ? settings : throw new StartupException(ExitCode.BadOptions, string.Join('\n', errors));
    }

    private static string Change(ServiceDefinition service, string? text, IEnumerable<KeyValuePair<string, string?>> changes)
    {
        var all = changes.ToList();
        if (text is not null && all.Count == 0)
        {
            return text;
        }

        try
        {
            var root = text is null ? [] : JsonNode.Parse(text) as JsonObject ?? throw new JsonException("it is no object.");
            foreach (var (key, value) in all)
            {
                var names = key.Split(':');
                var node = names[..^1].Aggregate(root, (section, name) => section[name] as JsonObject ?? (JsonObject)(section[name] = new JsonObject()));
                node[names[^1]] = ToJson(value);
            }

            return root.ToJsonString(Indented) + "\n";
        }
        catch (JsonException e)
        {
            // Comments, too: they would be lost.
            throw new StartupException(ExitCode.BadOptions, $"{service.SettingsFile} is not plain JSON, so that it must be changed by hand: {e.Message}");
        }
    }

    private static JsonNode? ToJson(string? value) =>
        bool.TryParse(value, out var flag) ? flag : long.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number : value;

    // In single quotes a shell and systemd both take every character as it is, except the quote.
    private static string SetVariable(string text, string name, string value)
    {
        if (value.Contains('\'') || value.Any(char.IsControl))
        {
            throw new StartupException(ExitCode.BadOptions, $"{name.Replace("__", ":", StringComparison.Ordinal)}: a quote or a control character cannot stand in the environment file.");
        }

        var lines = text.TrimEnd('\n').Split('\n').Where(line => ParseVariable(line)?.Name != name);
        return string.Join('\n', [.. lines, $"{name}='{value}'", ""]);
    }

    private static (string Name, string Value)[] ParseVariables(string text) => [.. text.Split('\n').Select(ParseVariable).OfType<(string, string)>()];

    private static (string Name, string Value)? ParseVariable(string line)
    {
        line = line.Trim();
        if (line.StartsWith('#') || line.Split('=', 2) is not [var name, var value])
        {
            return null;
        }

        value = value.Trim();
        var isQuoted = value.Length >= 2 && value[0] == value[^1] && value[0] is '\'' or '"';
        return (name.Trim(), isQuoted ? value[1..^1] : value);
    }
}
