using InferenceServer.Inference;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Machines;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Machines;

/// <summary>What an operator reads. UPDATE_GOLDEN=1 writes the golden files anew.</summary>
public sealed class PlanTableTests : IDisposable
{
    private const long Gib = 1L << 30;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("plan-table-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("llama-70b-m4-max-128", "M4 Max 128", KvCacheType.F16, 32_768)]
    [InlineData("llama-70b-m3-max-48", "M3 Max 48", KvCacheType.Q8_0, 32_768)]
    [InlineData("llama-70b-m1-pro-16", "M1 Pro 16", KvCacheType.F16, 32_768)]
    public void Write_LargeModelOnAMac_IsTheGoldenText(string name, string machine, KvCacheType type, int context)
    {
        using var output = new StringWriter();
        PlanTable.Write(Report(NamedMachine.Find(machine)!, type, context), output);
        var text = string.Join('\n', output.ToString().ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()));
        var file = Path.Combine(RepositoryFiles.Root, "tests", "Server.Tests", "Golden", $"plan-{name}.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(file, text);
        }

        Assert.Equal(File.ReadAllText(file), text);
    }

    [Theory]
    [InlineData(DeviceFamily.Cpu, 60, 60, "--context")]
    [InlineData(DeviceFamily.Metal, 45, 128, "iogpu.wired_limit_mb")]
    [InlineData(DeviceFamily.Discrete, 24, 64, "--gpu-layers")]
    [InlineData(DeviceFamily.Cpu, 8, 8, "smaller model")]
    public void Describe_ModelThatDoesNotFit_SaysWhatWould(DeviceFamily family, int deviceGib, int machineGib, string part)
    {
        var file = Read();
        MemoryLimit[] limits = family == DeviceFamily.Cpu
            ? [new("the free memory", machineGib * Gib, IsDevice: false)]
            : [new("the GPU's memory", deviceGib * Gib, IsDevice: true), new("the machine's memory", machineGib * Gib, IsDevice: false)];
        var settings = new PlanSettings { Context = 131_072, Parallel = 8, KvCacheType = KvCacheType.F16, Family = family };

        var lines = MemoryAdvice.Describe(file, MemoryPlan.Create(file, settings), limits);

        Assert.Contains("--context 131072 --kv-type f16", lines[0], StringComparison.Ordinal);
        Assert.Contains(part, lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_Changes_ReallyFit()
    {
        var file = Read();
        MemoryLimit[] limits = [new("the free memory", 60 * Gib, IsDevice: false)];
        var settings = new PlanSettings { Context = 131_072, Parallel = 8, KvCacheType = KvCacheType.F16, Family = DeviceFamily.Cpu };
        var advice = MemoryAdvice.Describe(file, MemoryPlan.Create(file, settings), limits)[^1];

        var words = advice.Replace(";", "", StringComparison.Ordinal).TrimEnd('.').Split(' ');
        var context = int.Parse(words[Array.IndexOf(words, "--context") + 1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Empty(MemoryPlan.Create(file, settings with { Context = context }).FindExceeded(limits));
        Assert.NotEmpty(MemoryPlan.Create(file, settings with { Context = context + 2048 }).FindExceeded(limits));
    }

    private PlanReport Report(Machine machine, KvCacheType type, int context) => PlanReport.Create(
        Read(), new PlanSettings { SlicedTokens = 8192, AreSlicesOptional = true, Context = context, Parallel = 8, KvCacheType = type, Family = machine.Family }, machine, 8192);

    private ModelFile Read()
    {
        var path = Path.Combine(_folder.FullName, "Llama-3.3-70B-Instruct.gguf");
        HollowModel.Llama70B().Set("general.name", "Llama 3.3 70B Instruct").WriteTo(path);
        return ModelFile.Read(path).File!;
    }
}
