using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Doctor;

/// <summary>
/// A server that is measured over HTTP, as its clients see it: the one that answers at the settings' address, or else one that is started for it, in a process
/// of its own on a free port. One thread at a time.
/// </summary>
internal sealed class TestedServer : IAsyncDisposable
{
    private const string AddressLine = "Listening on ";

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    // A process whose connections broke needs a moment to end.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    // What would make it another server than the one to be measured.
    private static readonly Dictionary<string, string> Overrides = new()
    {
        ["Server:Host"] = "127.0.0.1",
        ["Server:Port"] = "0",
        ["Server:ApiKey"] = "",
        ["Server:ApiKeyFile"] = "",
        ["Server:WaitAtStart"] = "false",
        ["Server:PreventSleep"] = "always",
        ["Responses:Store"] = "false",
        ["Cache:DiskLimit"] = "0",
        ["Metrics:Enabled"] = "true",
        ["Metrics:Port"] = "",
        ["Power:Enabled"] = "true",
        ["Log:File"] = "",
        ["Kestrel:Certificates:Default:Path"] = "",
        ["Kestrel:Certificates:Default:KeyPath"] = "",
        ["Kestrel:Certificates:Default:Password"] = "",
        ["Limits:RequestsPerMinute"] = "0",
        ["Limits:TokensPerMinute"] = "0",
        ["Limits:TokensPerDay"] = "0",
        ["Limits:Concurrency"] = "0",
        ["Limits:RequestTimeoutMs"] = "0",
        ["Limits:GenerationTimeoutMs"] = "0",
    };

    private readonly HttpClient _client;
    private readonly Process? _process;
    private readonly Task<string> _errors;
    private int[] _tokens = [];

    /// <param name="client">Without an end to its patience.</param>
    /// <param name="process">Null if it was there before.</param>
    /// <param name="errors">What the process writes to its standard error, once it has ended.</param>
    private TestedServer(HttpClient client, Process? process, Task<string> errors)
    {
        _client = client;
        _process = process;
        _errors = errors;
    }

    /// <summary>What it serves.</summary>
    public ServedModelInfo Model { get; private set; } = new("?", "?", 0);

    /// <summary>True if it was there before.</summary>
    public bool WasRunning => _process is null;

    /// <summary>Its process; null if it was there before.</summary>
    public int? ProcessId => _process?.Id;

    /// <summary>Finds or starts it, and waits until it is ready. Throws <see cref="StartupException"/>.</summary>
    /// <param name="settings">Validated; where to look for one.</param>
    /// <param name="commandLine">Settings that the command line named, for one that is started.</param>
    /// <param name="cancellationToken">To stop.</param>
    public static async Task<TestedServer> OpenAsync(Settings settings, IReadOnlyDictionary<string, string?> commandLine, CancellationToken cancellationToken)
    {
        var isThere = await PortCheck.FindServerAsync(settings, cancellationToken) is not null;
        var server = isThere
            ? new TestedServer(LocalClient.Create(LocalClient.AddressOf(settings)!, settings, Timeout.InfiniteTimeSpan), process: null, Task.FromResult(""))
            : Start(commandLine);
        try
        {
            await server.ConnectAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Its metrics of now.</summary>
    public async Task<MetricsSample> SampleAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "/metrics"), cancellationToken);
        return new MetricsSample(response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(cancellationToken) : "");
    }

    /// <summary>Goes on with a prompt of so many tokens, and says how long that took.</summary>
    /// <param name="numPromptTokens">Of the prompt; the same for the same number.</param>
    /// <param name="numTokens">To generate, all of them.</param>
    /// <param name="isCached">False: computes the whole prompt, and leaves nothing behind.</param>
    /// <param name="cancellationToken">To stop.</param>
    public async Task<CompletionTimes> CompleteAsync(int numPromptTokens, int numTokens, bool isCached, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var answer = await PostAsync(
            "/v1/completions",
            new { prompt = await PromptAsync(numPromptTokens, cancellationToken), max_tokens = numTokens, temperature = 0, ignore_eos = true, cache_prompt = isCached },
            cancellationToken);
        var times = answer.GetProperty("timings");
        return new CompletionTimes(
            Stopwatch.GetElapsedTime(start).TotalSeconds,
            times.GetProperty("prompt_n").GetInt32(),
            times.GetProperty("prompt_ms").GetDouble() / 1000,
            times.GetProperty("predicted_n").GetInt32(),
            times.GetProperty("predicted_ms").GetDouble() / 1000);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_process is null)
        {
            return;
        }

        // It keeps nothing.
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static TestedServer Start(IReadOnlyDictionary<string, string?> commandLine)
    {
        var start = new ProcessStartInfo(OwnProgram.Words[0], OwnProgram.Words.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in commandLine.Where(setting => !Overrides.ContainsKey(setting.Key)).Concat(Overrides.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))))
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var process = Process.Start(start)!;
        return new TestedServer(new HttpClient { Timeout = Timeout.InfiniteTimeSpan }, process, process.StandardError.ReadToEndAsync(CancellationToken.None));
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        _client.BaseAddress ??= await ReadAddressAsync(_process!, cancellationToken);
        while (true)
        {
            using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "/readyz"), cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                break;
            }

            if (response.Headers.RetryAfter is null)
            {
                throw new StartupException(ExitCode.EngineFailed, "The server that is tested does not get ready; its log says why.");
            }

            await Task.Delay(LookInterval, cancellationToken);
        }

        using var models = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1/models"), cancellationToken);
        if (!models.IsSuccessStatusCode)
        {
            throw new StartupException(ExitCode.BadOptions, $"The server at {_client.BaseAddress} wants a key: give it by --api-key.");
        }

        using var list = JsonDocument.Parse(await models.Content.ReadAsStringAsync(cancellationToken));
        var model = list.RootElement.GetProperty("data")[0];
        var meta = model.GetProperty("meta");
        Model = new ServedModelInfo(model.GetProperty("id").GetString()!, meta.GetProperty("quantization").GetString() ?? "?", meta.GetProperty("n_ctx").GetInt32());
    }

    private async Task<Uri> ReadAddressAsync(Process process, CancellationToken cancellationToken)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith(AddressLine, StringComparison.Ordinal))
            {
                // Whatever else it writes must go somewhere.
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new Uri(line[AddressLine.Length..].Split(' ')[0]);
            }
        }

        await process.WaitForExitAsync(cancellationToken);
        throw new StartupException((ExitCode)process.ExitCode, $"The server that was to be tested did not start: {(await _errors).Replace("error: ", "", StringComparison.Ordinal).Trim()}");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            using (request)
            {
                return await _client.SendAsync(request, cancellationToken);
            }
        }
        catch (HttpRequestException e)
        {
            throw new StartupException(ExitCode.EngineFailed, $"The server that is tested answers no more: {await ReadEndAsync() ?? e.Message}");
        }
    }

    // What a process of ours said at its end; null if it goes on.
    private async Task<string?> ReadEndAsync()
    {
        if (_process is null || !_process.WaitForExit(EndPatience))
        {
            return null;
        }

        var lines = (await _errors).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return string.Create(CultureInfo.InvariantCulture, $"it ended with {_process.ExitCode}{(lines is [.., var last] ? $", {last}" : "")}");
    }

    // Numbers in a row: tokens that are not all the same, in any vocabulary.
    private async Task<int[]> PromptAsync(int count, CancellationToken cancellationToken)
    {
        for (var numNumbers = count; _tokens.Length < count; numNumbers *= 2)
        {
            var answer = await PostAsync("/tokenize", new { content = string.Join(' ', Enumerable.Range(1, numNumbers)) }, cancellationToken);
            _tokens = [.. answer.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32())];
        }

        return _tokens[..count];
    }

    private async Task<JsonElement> PostAsync<T>(string path, T body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) }, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(text)
            : throw new StartupException(ExitCode.EngineFailed, $"{path} was answered with {(int)response.StatusCode}: {text}");
    }
}

/// <summary>What is served.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Quantization">Of most weights.</param>
/// <param name="Context">Tokens that one request may use.</param>
internal sealed record ServedModelInfo(string Id, string Quantization, int Context);

/// <summary>Where a completion's time went, in seconds.</summary>
/// <param name="Seconds">From sending it to the last byte of its answer.</param>
/// <param name="NumPromptTokens">Prompt tokens that were computed.</param>
/// <param name="PromptSeconds">Until the first token.</param>
/// <param name="NumTokens">Tokens generated.</param>
/// <param name="DecodeSeconds">From the first token to the last.</param>
internal sealed record CompletionTimes(double Seconds, int NumPromptTokens, double PromptSeconds, int NumTokens, double DecodeSeconds);
