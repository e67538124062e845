using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>A tiny model in a folder of its own, which is back in a moment and whose steps take milliseconds, and servers of it.</summary>
internal sealed class TinyModelFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tiny-");

    public TinyModelFile() => TinyModel.WriteTo(Path, new TinyModelOptions());

    public string Path => System.IO.Path.Combine(_folder.FullName, "tiny.gguf");

    /// <summary>What makes a server serve it, with its engine in a process of its own.</summary>
    public (string Key, string Value)[] Settings =>
    [
        ("Inference:ModelPath", Path), ("Inference:Context", "8192"), ("Inference:KvCacheType", "q8_0"), ("Inference:Threads", "1"), ("Inference:Residency:KeepWarmSeconds", "0"),
        ("Engine:Isolation", "process"), ("Engine:HangTimeoutMs", "2000"), ("Cache:DiskLimit", "0"), ("Server:PingIntervalMs", "100"),
    ];

    public Task<RunningServer> ServeAsync() => RunningServer.StartAsync([.. Settings.Select(setting => (setting.Key, (string?)setting.Value))]);

    /// <summary>A request for many tokens, none of which ends it.</summary>
    public static Dictionary<string, object?> Body(int index, int maxTokens) => new()
    {
        ["prompt"] = $"{index} {Chats.Words(20, index)}",
        ["max_tokens"] = maxTokens,
        ["ignore_eos"] = true,
        ["temperature"] = 0,
    };

    /// <summary>The file is not where it was.</summary>
    public void TakeAway() => File.Move(Path, Path + ".away");

    /// <summary>It is there again.</summary>
    public void PutBack() => File.Move(Path + ".away", Path);

    public void Dispose() => _folder.Delete(recursive: true);
}
