using System.CommandLine;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Commands;

/// <summary>Options of a command that are settings.</summary>
internal sealed class CommandLineSettings
{
    private readonly Dictionary<CommandLineOption, Option> _options;

    /// <summary>Adds options to a command.</summary>
    public CommandLineSettings(Command command, IEnumerable<CommandLineOption> options)
    {
        _options = options.ToDictionary(option => option, ToOption);
        foreach (var option in _options.Values)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The settings that were given.</summary>
    public Dictionary<string, string?> Read(ParseResult result)
    {
        var settings = new Dictionary<string, string?>();
        foreach (var (option, parsed) in _options)
        {
            if (result.GetResult(parsed) is { Implicit: false })
            {
                settings[option.Key] = parsed is Option<bool> flag ? result.GetValue(flag).ToString() : result.GetValue((Option<string>)parsed);
            }
        }

        return settings;
    }

    /// <summary>
    /// Some sections of the settings, from the command line, the environment and files. What is wrong with the others is no business of a command that does not use
    /// them. Throws <see cref="StartupException"/> over what is wrong with these.
    /// </summary>
    public Settings ReadSections(ParseResult result, params IReadOnlyCollection<string> sections) =>
        Read(result, error => sections.Any(section => error.StartsWith(section + ':', StringComparison.Ordinal)));

    /// <summary>All settings, from the command line, the environment and files. Throws <see cref="StartupException"/> over what is wrong.</summary>
    public Settings ReadAll(ParseResult result) => Read(result, _ => true);

    /// <summary>All settings, from the command line, the environment and files, sound or not. Throws <see cref="StartupException"/> if a file is no JSON.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="errors">What is wrong.</param>
    public Settings ReadAll(ParseResult result, out IReadOnlyList<string> errors) => SettingsReader.Read(Configuration(result), out errors);

    /// <summary>One setting that is a text, from the command line, the environment and files; null if it is nowhere.</summary>
    public string? ReadOne(ParseResult result, string key) => Configuration(result)[key] is { Length: > 0 } value ? value : null;

    private Settings Read(ParseResult result, Func<string, bool> isOurs)
    {
        var settings = SettingsReader.Read(Configuration(result), out var errors);
        var ours = errors.Where(isOurs).ToList();
        return ours.Count == 0 ? settings : throw new StartupException(ExitCode.BadOptions, string.Join('\n', ours));
    }

    private ConfigurationManager Configuration(ParseResult result)
    {
        var configuration = new ConfigurationManager();
        configuration.AddSettings(Read(result));
        return configuration;
    }

    private static Option ToOption(CommandLineOption option) => option.ValueName is null
        ? new Option<bool>(option.Name) { Description = option.Description }
        : new Option<string>(option.Name) { Description = option.Description, HelpName = option.ValueName };
}
