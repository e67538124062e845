using System.Globalization;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>Weights that may not leave memory, as the kernel counts them.</summary>
[Collection(Native.NativeCollection.Name)]
public sealed class LockedWeightsTests
{
    // CAP_IPC_LOCK: whoever has it may lock beyond the limit.
    private const int LockAnyNumber = 14;

    [SkippableFact]
    public async Task Weights_WithMLock_AreLockedUntilTheEngineEnds()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells in a file what a process has locked.");
        var before = Locked();
        await using (var tiny = await TinyEngine.StartAsync(mLock: true))
        {
            Skip.If(LockLimit() < 2 * tiny.ModelSize, "The limit of locked memory (ulimit -l) is below the model's size.");
            Assert.InRange(Locked() - before, (long)(0.9 * tiny.ModelSize), 2 * tiny.ModelSize);
        }

        Assert.Equal(before, Locked());
    }

    [SkippableFact]
    public async Task Weights_WithMLockInAProcessOfTheirOwn_AreLockedThere()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells in a file what a process has locked.");
        var folder = Directory.CreateTempSubdirectory("locked-");
        try
        {
            var path = Path.Combine(folder.FullName, "tiny.gguf");
            TinyModel.WriteTo(path, new TinyModelOptions());
            await using var engine = TinyEngineProcess.Create(path, new InferenceOptions { ModelPath = path, Context = 2048, Threads = 1, MLock = true }, NullLoggerFactory.Instance);
            var size = new FileInfo(path).Length;
            Skip.If(LockLimit() < 2 * size, "The limit of locked memory (ulimit -l) is below the model's size.");
            await engine.StartAsync(null);
            Assert.Equal(EngineState.Ready, engine.State);
            Assert.InRange(Locked($"{engine.ProcessId}"), (long)(0.9 * size), 2 * size);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Weights_WithoutMLock_AreNot()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells in a file what a process has locked.");
        var before = Locked();
        await using var tiny = await TinyEngine.StartAsync();
        Assert.Equal(before, Locked());
    }

    private static long Locked(string process = "self") => 1024 * long.Parse(Field($"/proc/{process}/status", "VmLck:")[0], CultureInfo.InvariantCulture);

    private static long LockLimit()
    {
        var rights = Convert.ToUInt64(Field("/proc/self/status", "CapEff:")[0], 16);
        return ((rights >> LockAnyNumber) & 1) == 1 || !long.TryParse(Field("/proc/self/limits", "Max locked memory")[0], CultureInfo.InvariantCulture, out var limit) ? long.MaxValue : limit;
    }

    private static string[] Field(string file, string name) =>
        File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
