using System.CommandLine;
using System.Globalization;
using InferenceServer.Server.Access;
using InferenceServer.Server.Service;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Commands;

/// <summary><c>keys</c>: makes, lists and removes the keys of a key file.</summary>
internal static class KeysCommand
{
    // Shorter ones could be found by trying, since one pass of SHA-256 is quick.
    private const int MinOwnLength = 20;
    private const int MaxOwnLength = 256;

    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var keys = new Command("keys", "Makes, lists and removes the keys of a key file. A running server takes them over on SIGHUP.");
        keys.Subcommands.Add(CreateAdd());
        keys.Subcommands.Add(CreateList());
        keys.Subcommands.Add(CreateRemove());
        return keys;
    }

    private static Command CreateAdd()
    {
        var command = new Command("add", "Makes a key and prints it, once: the file keeps only its hash.");
        var name = NameArgument();
        var stdin = new Option<bool>("--stdin") { Description = "Read a key that you have from the standard input instead of making one." };
        var priority = new Option<string>("--class") { Description = "Class of its requests that name none, and the highest that others get: priority, default or flex.", HelpName = "CLASS" };
        priority.AcceptOnlyFromAmong("priority", "default", "flex");
        var requests = Limit("--requests-per-minute", "Requests in a minute.");
        var tokens = Limit("--tokens-per-minute", "Tokens in a minute, of prompts and answers.");
        var concurrency = Limit("--concurrency", "Answers under way at once.");
        var quota = Limit("--tokens-per-day", "Tokens in a day of UTC, of prompts and answers.");
        command.Arguments.Add(name);
        foreach (var option in new Option[] { stdin, priority, requests, tokens, concurrency, quota })
        {
            command.Options.Add(option);
        }

        var file = FileOption(command);
        command.SetAction(async (result, _) =>
        {
            var text = result.GetValue(stdin) ? ReadOwn(Console.In) : ApiKey.NewText();
            var key = new ApiKey(result.GetValue(name)!, ApiKey.DigestOf(text))
            {
                Class = ChatRequestValidator.ClassOf(result.GetValue(priority)),
                Limits = new ClientLimits
                {
                    RequestsPerMinute = (int?)result.GetValue(requests),
                    TokensPerMinute = (int?)result.GetValue(tokens),
                    Concurrency = (int?)result.GetValue(concurrency),
                    TokensPerDay = result.GetValue(quota),
                },
            };
            var path = file(result);
            Add(path, key);
            if (!result.GetValue(stdin))
            {
                // Alone on the standard output, for scripts.
                await Console.Out.WriteLineAsync(text);
            }

            await Console.Error.WriteLineAsync($"'{key.Name}' is in {path}, as a hash: keep the key itself, it is not shown again. A running server takes it over on SIGHUP.");
            if (Environment.IsPrivilegedProcess)
            {
                await Console.Error.WriteLineAsync(await KeyFileOwner.GiveAsync(ServicePlace.Define(ServicePlace.FromBootOn), path, new ServiceTools()));
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateList()
    {
        var command = new Command("list", "Lists the keys and what their owners may have.");
        var file = FileOption(command);
        command.SetAction(result =>
        {
            var table = PlainConsole.NewTable("key", "class", "requests/min", "tokens/min", "at once", "tokens/day");
            foreach (var key in Read(file(result)))
            {
                var limits = key.Limits;
                table.AddTexts(
                    key.Name,
                    key.Class is { } highest ? WireWords.Of(highest) : "",
                    Text(limits.RequestsPerMinute),
                    Text(limits.TokensPerMinute),
                    Text(limits.Concurrency),
                    Text(limits.TokensPerDay));
            }

            PlainConsole.Write(Console.Out, table);
            Console.WriteLine("Where nothing stands, section Limits of the settings counts; 0 is no limit.");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateRemove()
    {
        var command = new Command("remove", "Removes a key. A running server lets it in until SIGHUP.");
        var name = NameArgument();
        command.Arguments.Add(name);
        var file = FileOption(command);
        command.SetAction(result =>
        {
            var (path, key) = (file(result), result.GetValue(name)!);
            var isThere = Try(path, () => KeyFile.Remove(path, key));
            return isThere ? (int)ExitCode.Ok : throw new StartupException(ExitCode.BadOptions, $"There is no key '{key}' in {path}.");
        });
        return command;
    }

    private static Argument<string> NameArgument()
    {
        var name = new Argument<string>("name") { Description = "What to call it: letters, digits, dots, dashes and underscores." };
        name.Validators.Add(result =>
        {
            if (!KeyFile.IsName(result.GetValueOrDefault<string>() ?? ""))
            {
                result.AddError("name: 1 to 64 letters, digits, dots, dashes and underscores.");
            }
        });
        return name;
    }

    private static Option<long?> Limit(string name, string description)
    {
        var option = new Option<long?>(name) { Description = $"{description} 0: no limit.", HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long?>() is < 0 or > int.MaxValue)
            {
                result.AddError($"{name}: between 0 and {int.MaxValue}.");
            }
        });
        return option;
    }

    private static Func<ParseResult, string> FileOption(Command command)
    {
        var settings = new CommandLineSettings(command, CommandLineOption.All.Where(option => option.Key == "Server:ApiKeyFile"));
        return result => settings.ReadOne(result, "Server:ApiKeyFile")
            ?? throw new StartupException(ExitCode.BadOptions, "Name the file of keys by --api-key-file or by the setting Server:ApiKeyFile.");
    }

    private static string ReadOwn(TextReader input)
    {
        var text = input.ReadLine()?.Trim() ?? "";
        return text.Length is >= MinOwnLength and <= MaxOwnLength && text.All(c => c is > ' ' and <= '~')
            ? text
            : throw new StartupException(ExitCode.BadOptions, $"--stdin: a key has {MinOwnLength} to {MaxOwnLength} visible ASCII characters; shorter ones can be guessed.");
    }

    private static void Add(string path, ApiKey key)
    {
        var keys = File.Exists(path) ? Read(path) : [];
        if (keys.Exists(other => other.Name == key.Name))
        {
            throw new StartupException(ExitCode.BadOptions, $"There is a key '{key.Name}' in {path} already: remove it first, or choose another name.");
        }

        if (keys.Find(other => other.Digest.Span.SequenceEqual(key.Digest.Span)) is { } same)
        {
            throw new StartupException(ExitCode.BadOptions, $"That is the key '{same.Name}' already.");
        }

        Try(path, () =>
        {
            KeyFile.Add(path, key);
            return true;
        });
    }

    private static List<ApiKey> Read(string path)
    {
        var errors = new List<string>();
        var keys = Try(path, () => KeyFile.Read(path, errors));
        return errors.Count == 0 ? keys : throw new StartupException(ExitCode.BadOptions, string.Join('\n', errors.Select(error => $"{path}, {error}")));
    }

    private static T Try<T>(string path, Func<T> access)
    {
        try
        {
            return access();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(e is FileNotFoundException or DirectoryNotFoundException ? ExitCode.BadOptions : ExitCode.NotWritable, $"{path}: {e.Message}");
        }
    }

    private static string Text(long? limit) => limit?.ToString("N0", CultureInfo.InvariantCulture) ?? "";
}
