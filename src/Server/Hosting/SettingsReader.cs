using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using InferenceServer.Inference;
using InferenceServer.Server.Access;
using InferenceServer.Server.Responses;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Power;
using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// From the merged configuration to options, or to everything that is wrong with it: unknown keys, values of the wrong type,
/// values out of range and broken rules in one list, so that an operator mends them in one go.
/// </summary>
internal static class SettingsReader
{
    // A key this many edits away from a known one is probably a slip.
    private const int MaxSlips = 3;

    /// <summary>Reads and validates all sections.</summary>
    /// <param name="configuration">All sources merged.</param>
    /// <param name="errors">What is wrong, one line each; empty if all is well.</param>
    public static Settings Read(IConfiguration configuration, out IReadOnlyList<string> errors)
    {
        var found = new List<string>();
        var server = Bind<ServerOptions>(configuration.GetSection(ServerOptions.Section), found);
        var inference = Bind<InferenceOptions>(configuration.GetSection(InferenceOptions.Section), found);
        var cache = Bind<CacheOptions>(configuration.GetSection(CacheOptions.Section), found);
        cache.DiskPath ??= UserFolders.Cache();
        var engine = Bind<EngineOptions>(configuration.GetSection(EngineOptions.Section), found);
        var metrics = Bind<MetricsOptions>(configuration.GetSection(MetricsOptions.Section), found);
        var power = Bind<PowerOptions>(configuration.GetSection(PowerOptions.Section), found);
        var log = Bind<LogOptions>(configuration.GetSection(LogOptions.Section), found);
        var responses = Bind<ResponsesOptions>(configuration.GetSection(ResponsesOptions.Section), found);
        var limits = Bind<LimitOptions>(configuration.GetSection(LimitOptions.Section), found);
        var tls = Bind<TlsOptions>(configuration.GetSection(TlsOptions.Section), found);
        Collect(new ServerOptionsValidator().Validate(ServerOptions.Section, server), found);
        Collect(new ServerOptionsRules().Validate(ServerOptions.Section, server), found);
        Collect(new InferenceOptionsValidator().Validate(InferenceOptions.Section, inference), found);
        Collect(new CacheOptionsValidator().Validate(CacheOptions.Section, cache), found);
        Collect(new EngineOptionsValidator().Validate(EngineOptions.Section, engine), found);
        Collect(new MetricsOptionsValidator().Validate(MetricsOptions.Section, metrics), found);
        Collect(new MetricsOptionsRules(server).Validate(MetricsOptions.Section, metrics), found);
        Collect(new PowerOptionsValidator().Validate(PowerOptions.Section, power), found);
        Collect(new LogOptionsValidator().Validate(LogOptions.Section, log), found);
        Collect(new ResponsesOptionsValidator().Validate(ResponsesOptions.Section, responses), found);
        Collect(new ResponsesOptionsRules().Validate(ResponsesOptions.Section, responses), found);
        Collect(new LimitOptionsValidator().Validate(LimitOptions.Section, limits), found);
        Collect(new LimitOptionsRules().Validate(LimitOptions.Section, limits), found);
        Collect(new TlsOptionsRules().Validate(TlsOptions.Section, tls), found);
        errors = found;
        return new Settings(server, inference, cache, engine, metrics, power, log, responses, limits, tls);
    }

    private static void Collect(ValidateOptionsResult result, List<string> errors)
    {
        if (result.Failed)
        {
            errors.AddRange(result.Failures.Select(ToSettingsForm));
        }
    }

    // The attributes say "Port: The field Server.Port must be between ..."; an operator knows it as Server:Port.
    private static string ToSettingsForm(string failure)
    {
        const string Opening = "The field ";
        var at = failure.IndexOf(Opening, StringComparison.Ordinal);
        if (at < 0)
        {
            return failure;
        }

        var (name, rest) = failure[(at + Opening.Length)..].Split(' ', 2) is [var first, var second] ? (first, second) : (failure, "");
        return $"{name.Replace('.', ':')}: {rest}";
    }

    // Only sound values reach the binder, which would stop at the first bad one.
    private static T Bind<T>(IConfigurationSection section, List<string> errors)
        where T : class, new()
    {
        var sound = new Dictionary<string, string?>();
        Check(section, typeof(T), errors, sound);
        var options = new T();
        new ConfigurationBuilder().AddInMemoryCollection(sound).Build().GetSection(section.Path).Bind(options);
        return options;
    }

    private static void Check(IConfigurationSection section, Type type, List<string> errors, Dictionary<string, string?> sound)
    {
        var known = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            if (!known.TryGetValue(child.Key, out var property))
            {
                var nearest = known.Keys.MinBy(name => Distance(name, child.Key));
                var hint = nearest is not null && Distance(nearest, child.Key) <= MaxSlips ? $" Did you mean {section.Path}:{nearest}?" : "";
                errors.Add($"{child.Path}: unknown setting.{hint}");
            }
            else if (property.PropertyType == typeof(string[]))
            {
                CheckList(child, errors, sound);
            }
            else if (IsSection(property.PropertyType))
            {
                Check(child, property.PropertyType, errors, sound);
            }
            else if (child.GetChildren().Any())
            {
                errors.Add($"{child.Path}: one value was expected, not a section.");
            }
            else
            {
                CheckValue(child, property.PropertyType, errors, sound);
            }
        }
    }

    private static bool IsSection(Type type) => type.IsClass && type != typeof(string);

    private static void CheckList(IConfigurationSection child, List<string> errors, Dictionary<string, string?> sound)
    {
        if (child.Value is { Length: > 0 })
        {
            errors.Add($"{child.Path}: a list was expected; its first item is {child.Path}:0.");
        }

        foreach (var item in child.GetChildren())
        {
            sound[item.Path] = item.Value;
        }
    }

    private static void CheckValue(IConfigurationSection child, Type type, List<string> errors, Dictionary<string, string?> sound)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (child.Value is not { Length: > 0 } value)
        {
            // JSON null and an empty variable both mean "not set".
            return;
        }

        if (IsOfType(value, target))
        {
            sound[child.Path] = value;
        }
        else
        {
            errors.Add($"{child.Path}: '{value}' is not {Describe(target)}.");
        }
    }

    private static bool IsOfType(string value, Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Contains(value, StringComparer.OrdinalIgnoreCase);
        }

        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, value);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException)
        {
            return false;
        }
    }

    private static string Describe(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type).Select(name => name.ToLowerInvariant()))}"
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) || type == typeof(long) ? "a whole number"
        : "a number";

    // Levenshtein, without case.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(diagonal + cost, Math.Min(row[j], row[j - 1]) + 1));
            }
        }

        return row[^1];
    }
}

/// <summary>The options of the whole process, validated and never changed again.</summary>
internal sealed record Settings(ServerOptions Server, InferenceOptions Inference, CacheOptions Cache, EngineOptions Engine, MetricsOptions Metrics, PowerOptions Power, LogOptions Log, ResponsesOptions Responses, LimitOptions Limits, TlsOptions Tls);
