using System.Diagnostics;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>A real model in a real server's memory, and what is told when the kernel takes it from there.</summary>
public sealed class PagingTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("paging-");

    public void Dispose() => _folder.Delete(recursive: true);

    [SkippableTheory]
    [InlineData("none")]
    [InlineData("process")]
    public async Task Model_PushedOutOfMemory_IsWarnedOfUntilItIsBack(string isolation)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "process_madvise(MADV_PAGEOUT) is Linux's.");

        // A file that nobody else maps: the kernel keeps what others use.
        var model = Path.Combine(_folder.FullName, "model.gguf");
        await CopyToDiskAsync(RepositoryFiles.ChatModel, model);
        var size = new FileInfo(model).Length;
        await using var server = await RunningServer.StartAsync(("Engine:Isolation", isolation), ("Inference:ModelPath", model), ("Power:Enabled", "false"), ("Log:File", Path.Combine(_folder.FullName, "log-.jsonl")));
        var page = await WaitForAsync(server, page => page.Sum("inference_model_resident_bytes") > 0.95 * size);
        Assert.Equal(0, page.Sum("inference_model_paged"));
        Assert.InRange(page.Sum("inference_model_mapped_bytes"), 0.9 * size, 1.1 * size);
        Assert.Equal(1, page.Sum("inference_memory_available", ("quantity", "model_resident"), ("reason", "none")));

        var ranges = MappedFile.PushOut(server.EngineProcessId ?? Environment.ProcessId, model);
        Skip.If(ranges is null, "The kernel gives no handle of a process.");
        Assert.NotEqual(0, ranges.Value.NumAsked);
        Skip.If(ranges.Value.NumRefused > 0, "The kernel does not page out on request, or not another process.");
        page = await WaitForAsync(server, page => page.Sum("inference_model_paged") == 1);
        Assert.InRange(page.Sum("inference_model_resident_bytes"), 0, 0.9 * size);
        var faults = page.Sum("process_paging_faults_total", ("system_paging_fault_type", "major"));

        // Steps bring back what they need, with waits for the disk, and that is enough.
        await server.AnswerAsync(Chats.Capital(("max_tokens", 8)));
        page = await WaitForAsync(server, page =>
        {
            using var again = server.ChatAsync(Chats.Capital(("max_tokens", 4))).GetAwaiter().GetResult();
            return page.Sum("inference_model_paged") == 0;
        });
        Assert.True(page.Sum("process_paging_faults_total", ("system_paging_fault_type", "major")) > faults);
    }

    // Pages that wait to be written cannot be taken from memory.
    private static async Task CopyToDiskAsync(string from, string to)
    {
        await using var source = File.OpenRead(from);
        await using var target = File.Create(to);
        await source.CopyToAsync(target);
        target.Flush(flushToDisk: true);
    }

    private static async Task<MetricsPage> WaitForAsync(RunningServer server, Func<MetricsPage, bool> isThere)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var text = await server.Client.GetStringAsync("/metrics");
            var page = MetricsPage.Parse(text);
            if (isThere(page))
            {
                return page;
            }

            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(2), string.Join('\n', text.Split('\n').Where(line => line.StartsWith("inference_m", StringComparison.Ordinal) || line.StartsWith("process_paging", StringComparison.Ordinal))));
            await Task.Delay(200);
        }
    }
}
