using System.IO.MemoryMappedFiles;
using InferenceServer.Telemetry.Memory;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Tests.Memory;

public sealed class ModelResidencyTests : IDisposable
{
    private const int Size = 8 << 20;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [SkippableFact]
    public void Update_OfAMappedFile_TellsWhatIsInMemory()
    {
        Skip.IfNot(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "Neither Linux nor macOS.");
        var file = Write("model.gguf");
        using var mapped = MemoryMappedFile.CreateFromFile(file, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        using var view = mapped.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        using var residency = new ModelResidency([file]);
        for (var i = 0; i < Size; i += 4096)
        {
            view.ReadByte(i);
        }

        residency.Update();
        Assert.Equal(ChannelFault.None, residency.Fault);
        Assert.Equal(Size, residency.Mapped);
        Assert.Equal(Size, residency.Resident);
    }

    [SkippableFact]
    public void Update_OfAFileThatNobodyMapped_SaysSo()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells.");
        using var residency = new ModelResidency([Write("model.gguf")]);
        residency.Update();
        Assert.Equal(ChannelFault.NotFound, residency.Fault);
    }

    [Fact]
    public void Fault_BeforeTheFirstLook_IsStarting()
    {
        using var residency = new ModelResidency(["/models/x.gguf"]);
        Assert.Equal(ChannelFault.Starting, residency.Fault);
    }

    private string Write(string name)
    {
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(file, new byte[Size]);
        return file;
    }
}
