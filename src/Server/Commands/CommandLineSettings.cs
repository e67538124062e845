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

    /// <summary>The settings that were given together with those of files and the environment. Throws <see cref="StartupException"/> over what is wrong.</summary>
    public Settings ReadAll(ParseResult result)
    {
        var configuration = new ConfigurationManager();
        configuration.AddSettings(Read(result));
        var settings = SettingsReader.Read(configuration, out var errors);
        return errors.Count == 0 ? settings : throw new StartupException(ExitCode.BadOptions, string.Join('\n', errors));
    }

    private static Option ToOption(CommandLineOption option) => option.ValueName is null
        ? new Option<bool>(option.Name) { Description = option.Description }
        : new Option<string>(option.Name) { Description = option.Description, HelpName = option.ValueName };
}
