using System.Diagnostics;
using System.Text.Json;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Doctor;

/// <summary>
/// A server that is measured over HTTP, as its clients see it: the one that answers at the settings' address, or else one that is started for it, in a process
/// of its own on a free port. One thread at a time.
/// </summary>
internal sealed class TestedServer : IAsyncDisposable
{
    private const string AddressLine = "Listening on ";

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    // What would make it another server than the one to be measured.
    private static readonly Dictionary<string, string> Overrides = new()
    {
        ["Server:Host"] = "127.0.0.1",
        ["Server:Port"] = "0",
        ["Server:ApiKey"] = "",
        ["Server:ApiKeyFile"] = "",
        ["Server:WaitAtStart"] = "false",
        ["Responses:Store"] = "false",
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
    private int[] _tokens = [];

    private TestedServer(HttpClient client, Process? process, ServedModelInfo model)
    {
        _client = client;
        _process = process;
        Model = model;
    }

    /// <summary>What it serves.</summary>
    public ServedModelInfo Model { get; }

    /// <summary>True if it was there before.</summary>
    public bool WasRunning => _process is null;

    /// <summary>Finds or starts it, and waits until it is ready. Throws <see cref="StartupException"/>.</summary>
    /// <param name="settings">Validated; where to look for one.</param>
    /// <param name="commandLine">Settings that the command line named, for one that is started.</param>
    /// <param name="cancellationToken">To stop.</param>
    public static async Task<TestedServer> OpenAsync(Settings settings, IReadOnlyDictionary<string, string?> commandLine, CancellationToken cancellationToken)
    {
        if (await PortCheck.FindServerAsync(settings, cancellationToken) is not null)
        {
            var running = LocalClient.Create(Service.ServiceFiles.AddressOf(settings.Server)!, settings, Timeout.InfiniteTimeSpan);
            return await ConnectAsync(running, process: null, cancellationToken);
        }

        var process = Start(commandLine);
        try
        {
            var address = await ReadAddressAsync(process, cancellationToken);
            return await ConnectAsync(new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan }, process, cancellationToken);
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    /// <summary>Its metrics of now.</summary>
    public async Task<MetricsSample> SampleAsync(CancellationToken cancellationToken)
    {
        using var response = await _client.GetAsync("/metrics", cancellationToken);
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

    private static Process Start(IReadOnlyDictionary<string, string?> commandLine)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "InferenceServer.dll"));
        }

        foreach (var (key, value) in commandLine.Where(setting => !Overrides.ContainsKey(setting.Key)).Concat(Overrides.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))))
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<Uri> ReadAddressAsync(Process process, CancellationToken cancellationToken)
    {
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
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
        throw new StartupException((ExitCode)process.ExitCode, $"The server that was to be tested did not start: {(await errors).Trim()}");
    }

    private static async Task<TestedServer> ConnectAsync(HttpClient client, Process? process, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var response = await client.GetAsync("/readyz", cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                break;
            }

            if (response.Headers.RetryAfter is null || process is { HasExited: true })
            {
                throw new StartupException(ExitCode.EngineFailed, "The server that was to be tested does not get ready; its log says why.");
            }

            await Task.Delay(LookInterval, cancellationToken);
        }

        using var models = await client.GetAsync("/v1/models", cancellationToken);
        if (!models.IsSuccessStatusCode)
        {
            throw new StartupException(ExitCode.BadOptions, $"The server at {client.BaseAddress} wants a key: give it by --api-key.");
        }

        using var list = JsonDocument.Parse(await models.Content.ReadAsStringAsync(cancellationToken));
        var model = list.RootElement.GetProperty("data")[0];
        var meta = model.GetProperty("meta");
        return new TestedServer(client, process, new ServedModelInfo(model.GetProperty("id").GetString()!, meta.GetProperty("quantization").GetString() ?? "?", meta.GetProperty("n_ctx").GetInt32()));
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
        using var response = await _client.PostAsJsonAsync(path, body, cancellationToken);
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
