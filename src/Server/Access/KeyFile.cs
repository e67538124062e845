using System.Globalization;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Access;

/// <summary>
/// The file of keys: a line for each, <c>NAME sha256:HEX</c> and what it may have, as in <c>class=flex requests-per-minute=60 tokens-per-minute=20000 concurrency=2
/// tokens-per-day=500000</c>. Empty lines and lines that begin with <c>#</c> do not count. It holds no key, so that whoever reads it cannot use one.
/// </summary>
internal static class KeyFile
{
    private const int MaxNameLength = 64;
    private const string HashPrefix = "sha256:";
    private const string ClassWord = "class";
    private const string RequestsWord = "requests-per-minute";
    private const string TokensWord = "tokens-per-minute";
    private const string ConcurrencyWord = "concurrency";
    private const string QuotaWord = "tokens-per-day";

    /// <summary>Reads it. Throws what reading a file throws.</summary>
    /// <param name="path">The file.</param>
    /// <param name="errors">Gets what is wrong, one line each; never a key.</param>
    public static List<ApiKey> Read(string path, List<string> errors)
    {
        var keys = new List<ApiKey>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!IsKey(line))
            {
                continue;
            }

            if (Parse(line, out var error) is not { } key)
            {
                errors.Add($"line {number}: {error}");
            }
            else if (keys.Exists(other => other.Name == key.Name))
            {
                errors.Add($"line {number}: there is a key '{key.Name}' already.");
            }
            else if (keys.Find(other => other.Digest.Span.SequenceEqual(key.Digest.Span)) is { } same)
            {
                errors.Add($"line {number}: '{key.Name}' is the same key as '{same.Name}'.");
            }
            else
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    /// <summary>Adds a line. Throws what writing a file throws. A new file is its owner's alone.</summary>
    public static void Add(string path, ApiKey key)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var stream = new FileStream(path, Options());
        var endsLine = stream.Length == 0;
        if (!endsLine)
        {
            stream.Position = stream.Length - 1;
            endsLine = stream.ReadByte() == '\n';
        }

        using var writer = new StreamWriter(stream);
        writer.Write($"{(endsLine ? "" : "\n")}{Format(key)}\n");
    }

    /// <summary>Takes a key's line out; false if there is none. Everything else stays as it is, the file's owner and mode, too. Throws what writing a file throws.</summary>
    public static bool Remove(string path, string name)
    {
        var lines = File.ReadAllLines(path).ToList();
        if (lines.RemoveAll(line => IsKey(line) && Words(line)[0] == name) == 0)
        {
            return false;
        }

        // Not by a new file in its place, which would be whose who calls and no longer the server's.
        using var stream = new FileStream(path, Options());
        using var writer = new StreamWriter(stream);
        lines.ForEach(line => writer.Write(line + '\n'));
        writer.Flush();
        stream.SetLength(stream.Position);
        return true;
    }

    /// <summary>True for 1 to 64 letters, digits, dots, dashes and underscores: a name is part of log lines and files.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= MaxNameLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <summary>A key as a line.</summary>
    internal static string Format(ApiKey key)
    {
        var words = new List<string> { key.Name, HashPrefix + Convert.ToHexStringLower(key.Digest.Span) };
        Add(ClassWord, key.Class is { } @class ? WireWords.Of(@class) : null);
        Add(RequestsWord, key.Limits.RequestsPerMinute);
        Add(TokensWord, key.Limits.TokensPerMinute);
        Add(ConcurrencyWord, key.Limits.Concurrency);
        Add(QuotaWord, key.Limits.TokensPerDay);
        return string.Join(' ', words);

        void Add(string word, object? value)
        {
            if (value is not null)
            {
                words.Add(string.Create(CultureInfo.InvariantCulture, $"{word}={value}"));
            }
        }
    }

    /// <summary>A line as a key; null if it is none.</summary>
    /// <param name="line">Not empty, no comment.</param>
    /// <param name="error">What is wrong with it.</param>
    internal static ApiKey? Parse(string line, out string error)
    {
        error = "";
        var words = Words(line);
        if (words.Length < 2 || !words[1].StartsWith(HashPrefix, StringComparison.Ordinal))
        {
            // Perhaps a key as it is, which must not be repeated.
            error = "NAME sha256:HEX was expected. Keys are kept as hashes: 'inference-server keys add NAME' makes one, with --stdin of a key that you have.";
            return null;
        }

        var digest = new byte[32];
        if (words[1].Length != HashPrefix.Length + 64 || Convert.FromHexString(words[1].AsSpan(HashPrefix.Length), digest, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            error = "after sha256: 64 hex digits were expected.";
            return null;
        }

        if (!IsName(words[0]))
        {
            error = "a name has 1 to 64 letters, digits, dots, dashes and underscores.";
            return null;
        }

        var key = new ApiKey(words[0], digest);
        foreach (var word in words.Skip(2))
        {
            var (name, value) = word.Split('=', 2) is [var first, var second] ? (first, second) : (word, "");
            if (With(key, name, value) is not { } more)
            {
                error = $"'{name}' wants {(name == ClassWord ? "priority, default or flex" : "a whole number, 0 for no limit")}; known are {ClassWord}, {RequestsWord}, {TokensWord}, {ConcurrencyWord} and {QuotaWord}.";
                return null;
            }

            key = more;
        }

        return key;
    }

    // Null: not understood.
    private static ApiKey? With(ApiKey key, string name, string value)
    {
        var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : (int?)null;
        return name switch
        {
            ClassWord => ChatRequestValidator.ClassOf(value) is { } highest ? key with { Class = highest } : null,
            QuotaWord when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var quota) => key with { Limits = key.Limits with { TokensPerDay = quota } },
            RequestsWord when number is not null => key with { Limits = key.Limits with { RequestsPerMinute = number } },
            TokensWord when number is not null => key with { Limits = key.Limits with { TokensPerMinute = number } },
            ConcurrencyWord when number is not null => key with { Limits = key.Limits with { Concurrency = number } },
            _ => null,
        };
    }

    private static bool IsKey(string line) => line.AsSpan().TrimStart() is [not '#', ..];

    private static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Access = FileAccess.ReadWrite, Mode = FileMode.OpenOrCreate };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
