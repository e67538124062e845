using System.Globalization;
using System.Text.RegularExpressions;
using InferenceServer.Inference;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Responses;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Power;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Hosting;

/// <summary>The defaults in README's table of options are those of the options.</summary>
public sealed partial class DocumentedDefaultTests
{
    // By the first setting of a row. Words stand for null or zero, which is asserted with them.
    private static readonly Dictionary<string, Func<string>> Defaults = new(StringComparer.Ordinal)
    {
        ["Inference:ModelPath"] = () => "the embedded " + Path.GetFileName(new InferenceOptions().ModelPath).Replace("-Instruct.Q4_1.gguf", "", StringComparison.Ordinal),
        ["Server:ModelFolder"] = () => Unset("the platform's cache folder", new ServerOptions().ModelFolder),
        ["Inference:EmbeddingModelPath"] = () => Unset("the embedded all-MiniLM-L6-v2", new InferenceOptions().EmbeddingModelPath),
        ["Inference:Context"] = () => Text(new InferenceOptions().Context),
        ["Inference:Parallel"] = () => Text(new InferenceOptions().Parallel),
        ["Inference:KvCacheType"] = () => Text(new InferenceOptions().KvCacheType),
        ["Cache:MemoryLimit"] = () => Unset("an eighth of the machine's", new CacheOptions().MemoryLimit),
        ["Cache:DiskPath"] = () => $"{Unset("the platform's cache folder", new CacheOptions().DiskPath)}, {new CacheOptions().DiskLimit}",
        ["Cache:DiskWritesPerDay"] = () => Text(new CacheOptions().DiskWritesPerDay),
        ["Engine:Isolation"] = () => Text(new EngineOptions().Isolation),
        ["Engine:HangTimeoutMs"] = () => Text(new EngineOptions().HangTimeoutMs),
        ["Inference:Threads"] = () => Unset("all", new InferenceOptions().Threads, new InferenceOptions().GpuLayers),
        ["Inference:Device"] = () => new InferenceOptions().Device,
        ["Inference:MLock"] = () => Switch(new InferenceOptions().MLock),
        ["Inference:Residency:KeepWarmSeconds"] = () => $"{new InferenceOptions().Residency.KeepWarmSeconds}: never",
        ["Inference:AllowSwapping"] = () => Switch(new InferenceOptions().AllowSwapping),
        ["Inference:ChatTemplate"] = () => Unset("the model's", new InferenceOptions().ChatTemplate),
        ["Inference:InterTokenTargetMs"] = () => Unset($"larger of {InferenceOptions.DefaultInterTokenTargetMs} and four decode steps", new InferenceOptions().InterTokenTargetMs),
        ["Inference:SlicedPrefillTokens"] = () => Unset($"{InferenceOptions.DefaultSlicedPrefillTokens}, if they fit", new InferenceOptions().SlicedPrefillTokens),
        ["Server:Host"] = () => $"{new ServerOptions().Host}, {new ServerOptions().Port}",
        ["Server:Alias"] = () => Unset("from the file", new ServerOptions().Alias),
        ["Server:ApiKey"] = () => Unset("none: loopback only", new ServerOptions().ApiKey, new ServerOptions().ApiKeyFile),
        ["Limits:RequestsPerMinute"] = () => Unset("none", Limits.RequestsPerMinute, Limits.TokensPerMinute, Limits.Concurrency, Limits.TokensPerDay),
        ["Limits:RequestTimeoutMs"] = () => Unset("none", Limits.RequestTimeoutMs, Limits.GenerationTimeoutMs),
        ["Kestrel:Certificates:Default:Path"] = () => Unset("none", new TlsOptions().Certificate.Path, new TlsOptions().Certificate.KeyPath, new TlsOptions().Certificate.Password),
        ["Responses:Path"] = () => $"{Unset("`inference-server/responses.db` in the user's data folder", new ResponsesOptions().Path)}, {Text(new ResponsesOptions().Store)}",
        ["Responses:RetentionDays"] = () => $"{new ResponsesOptions().RetentionDays}, {new ResponsesOptions().MaxMegabytes}",
        ["Metrics:Port"] = () => Unset("this machine, or with the key", new MetricsOptions().Port),
        ["Power:PricePerKwh"] = () => $"{Unset("no price", new PowerOptions().PricePerKwh)}; {new PowerOptions().IntervalMs}; {Text(new PowerOptions().Enabled)}",
        ["Log:Level"] = () => new LogOptions().Level.ToString(),
        ["Log:File"] = () => Unset("none: console only", new LogOptions().File),
        ["Server:DrainTimeoutMs"] = () => Text(new ServerOptions().DrainTimeoutMs),
        ["Server:PreventSleep"] = () => Unset("always as a service; requests on a Mac", new ServerOptions().PreventSleep),
        ["Server:Insecure"] = () => Switch(new ServerOptions().Insecure),
    };

    private static LimitOptions Limits => new();

    public static TheoryData<string> Settings => [.. Defaults.Keys];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Readme_DefaultOfASetting_IsTheRealOne(string setting) =>
        Assert.Equal(Defaults[setting](), Assert.Single(Rows(), row => row.Setting == setting).Default);

    [Fact]
    public void Readme_RowsOfTheTable_AreAllKnownHere() => Assert.Equal(Rows().Select(row => row.Setting).Order(), Defaults.Keys.Order());

    [Fact]
    public void Readme_DefaultsWithinARow_AreTheRealOnes()
    {
        var log = new LogOptions();
        Assert.Contains($"`Log:KeepFiles` ({log.KeepFiles}), `Log:MaxFileBytes`, `Log:Prompts` ({Switch(log.Prompts)})", Assert.Single(Rows(), row => row.Setting == "Log:File").Text, StringComparison.Ordinal);
        Assert.EndsWith(Path.Combine("inference-server", "responses.db"), new ResponsesOptions().FullPath(), StringComparison.Ordinal);
        Assert.True(new CacheOptions().DiskLimit == 16 << 10, "16 GiB.");
        Assert.True(File.Exists(RepositoryFiles.EmbeddingModel) && RepositoryFiles.EmbeddingModel.Contains("all-MiniLM-L6-v2", StringComparison.Ordinal));
    }

    private static IEnumerable<(string Setting, string Text, string Default)> Rows() =>
        File.ReadLines(Path.Combine(RepositoryFiles.Root, "README.md"))
            .SkipWhile(line => !line.StartsWith("| Option |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split(" | "))
            .Select(cells => (Setting().Match(cells[1]).Groups[1].Value, cells[1], cells[2].Trim()));

    private static string Text(object value) => string.Create(CultureInfo.InvariantCulture, $"{value}").ToLowerInvariant();

    private static string Switch(bool isOn) => isOn ? "on" : "off";

    private static string Unset(string words, params object?[] values) => Array.TrueForAll(values, value => value is null or 0 or 0L) ? words : string.Join(", ", values);

    [GeneratedRegex("`([A-Z][A-Za-z]+(?::[A-Za-z]+)+)`")]
    private static partial Regex Setting();
}
