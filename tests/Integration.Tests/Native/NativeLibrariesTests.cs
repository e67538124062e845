using System.Runtime.InteropServices;
using InferenceServer.Inference.Native;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Native;

[Collection(NativeCollection.Name)]
public sealed partial class NativeLibrariesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("native-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Load_BeforeTheLibraryReadsIt_HasMetalKeepAnIdleModelForMonths()
    {
        NativeLibraries.Load(folder: null, NullLogger.Instance);
        var seconds = int.Parse(Marshal.PtrToStringUTF8(getenv("GGML_METAL_RESIDENCY_KEEP_ALIVE_S"))!, System.Globalization.CultureInfo.InvariantCulture);

        // ggml-metal-device.m multiplies them by 200, in an int.
        Assert.InRange(checked(seconds * 200), TimeSpan.FromDays(30).TotalSeconds * 200, int.MaxValue);
    }

    [Fact]
    public void Find_FolderThatIsNotThere_SaysWhichAndHowToSetIt()
    {
        var missing = Path.Combine(_folder.FullName, "missing");
        var exception = Assert.Throws<NativeLibraryException>(() => NativeLibraryFolder.Find(missing));
        Assert.Contains(missing, exception.Message, StringComparison.Ordinal);
        Assert.Contains("INFERENCE_NATIVE_PATH", exception.Message, StringComparison.Ordinal);
        AssertOneLine(exception);
    }

    [Fact]
    public void Find_EmptyFolder_SaysWhatWasLookedForWhere()
    {
        var exception = Assert.Throws<NativeLibraryException>(() => NativeLibraryFolder.Find(_folder.FullName));
        Assert.Contains("libggml-base", exception.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.FullName, exception.Message, StringComparison.Ordinal);
        AssertOneLine(exception);
    }

    [Fact]
    public void Find_TwoReleasesInOneFolder_NamesBoth()
    {
        LinkLibraries();
        File.WriteAllText(Path.Combine(_folder.FullName, "libllama.v9.9.9" + Path.GetExtension(Library("libllama."))), "");
        var exception = Assert.Throws<NativeLibraryException>(() => NativeLibraryFolder.Find(_folder.FullName));
        Assert.Contains("libllama.v9.9.9", exception.Message, StringComparison.Ordinal);
        AssertOneLine(exception);
    }

    [Theory]
    [InlineData("libggml-base.")]
    [InlineData("libllama.")]
    public void Open_GarbageInsteadOfALibrary_SaysWhichFile(string name)
    {
        LinkLibraries();
        var file = Replace(name);
        File.WriteAllBytes(file, [.. Enumerable.Range(0, 5000).Select(index => (byte)(index * 7))]);
        var exception = Assert.Throws<NativeLibraryException>(() => NativeLibraries.Open(NativeLibraryFolder.Find(_folder.FullName)));
        Assert.StartsWith($"The library {file} could not be loaded: ", exception.Message, StringComparison.Ordinal);
        AssertOneLine(exception);
    }

    [Theory]
    [InlineData("libllama.", 10)]
    [InlineData("libllama.", 100)]
    [InlineData("libllama.", 3_000)]
    [InlineData("libllama.", 3_000_000)]
    [InlineData("libggml.", 40_000)]
    public void Open_LibraryCutShort_SaysWhichFile(string name, int length)
    {
        LinkLibraries();
        var file = Replace(name);
        File.WriteAllBytes(file, File.ReadAllBytes(Library(name))[..length]);
        var exception = Assert.Throws<NativeLibraryException>(() => NativeLibraries.Open(NativeLibraryFolder.Find(_folder.FullName)));
        Assert.StartsWith($"The library {file} could not be loaded: ", exception.Message, StringComparison.Ordinal);
        AssertOneLine(exception);
    }

    [Fact]
    public void Open_BackendCutShort_SaysWhichFile()
    {
        LinkLibraries();
        var file = Path.Combine(_folder.FullName, "libggml-cpu-x64.so");
        File.WriteAllBytes(file, File.ReadAllBytes(Library("libggml."))[..20_000]);
        var exception = Assert.Throws<NativeLibraryException>(() => NativeLibraries.Open(NativeLibraryFolder.Find(_folder.FullName)));
        Assert.StartsWith($"The library {file} could not be loaded: it is cut short, 20000 bytes of at least ", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux-arm64", "libllama.v0.4.0.so", Architecture.Arm64)]
    [InlineData("linux-x64", "libllama.v0.4.0.so", Architecture.X64)]
    [InlineData("mac-arm64-metal", "libllama.metal.v0.4.0.dylib", Architecture.Arm64)]
    public void FindDamage_WholeLibraryOfAnyPlatform_FindsNoneExceptOnAnotherProcessor(string package, string name, Architecture architecture)
    {
        var file = Path.Combine(RepositoryFiles.NativePackage(package), name);
        Assert.Null(NativeLibraryFile.FindDamage(file, architecture));
        var other = architecture == Architecture.Arm64 ? Architecture.X64 : Architecture.Arm64;
        Assert.Equal($"it is for another processor than {other}", NativeLibraryFile.FindDamage(file, other));

        var cut = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(cut, File.ReadAllBytes(file)[..2_000_000]);
        Assert.StartsWith("it is cut short, 2000000 bytes of at least ", NativeLibraryFile.FindDamage(cut, architecture), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LibraryThatIsNotLlama_SaysSo()
    {
        LinkLibraries();
        var file = Replace("libllama.");
        File.CreateSymbolicLink(file, Library("libggml-base."));
        var exception = Assert.Throws<NativeLibraryException>(() => NativeLibraries.Open(NativeLibraryFolder.Find(_folder.FullName)));
        Assert.Contains($"The library {file} is not llama.cpp 0.4.0", exception.Message, StringComparison.Ordinal);
        Assert.Contains("llama_version", exception.Message, StringComparison.Ordinal);
        AssertOneLine(exception);
    }

    [Fact]
    public void Load_SecondTime_GivesTheFirstFolder()
    {
        var first = NativeLibraries.Load(null, NullLogger.Instance);
        Assert.Same(first, NativeLibraries.Load(Path.Combine(_folder.FullName, "missing"), NullLogger.Instance));
        Assert.Equal(NativeLibraryFolder.Find(null).Path, first.Path);
    }

    [Fact]
    public void Devices_ThisMachine_HasAProcessorWithMemory()
    {
        var processor = Assert.Single(ComputeDevice.Enumerate(), device => device.Kind == ComputeDeviceKind.Cpu);
        Assert.Equal("CPU", processor.Name);
        Assert.True(processor.TotalMemory > 0);
    }

    [Fact]
    public void FindMismatch_MovedField_IsNamed()
    {
        var model = LlamaApi.llama_model_default_params();
        Assert.Null(NativeAbi.FindMismatch(model));
        model.LazyMode = 7;
        Assert.Equal("its default of lazy_mode is 7 where 1 was expected", NativeAbi.FindMismatch(model));

        var context = LlamaApi.llama_context_default_params();
        Assert.Null(NativeAbi.FindMismatch(context));
        (context.NumUbatch, context.NumBatch) = (context.NumBatch, context.NumUbatch);
        Assert.Equal("its default of n_batch is 512 where 2048 was expected", NativeAbi.FindMismatch(context));
    }

    private static string Library(string name) =>
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "native"), name + "*").Single();

    private static void AssertOneLine(NativeLibraryException exception) => Assert.DoesNotContain('\n', exception.Message);

    /// <summary>Takes a library's link away; returns the path it had.</summary>
    private string Replace(string name)
    {
        var file = Path.Combine(_folder.FullName, Path.GetFileName(Library(name)));
        File.Delete(file);
        return file;
    }

    private void LinkLibraries()
    {
        foreach (var file in new[] { Library("libggml-base."), Library("libggml."), Library("libllama.") })
        {
            // A second copy of ggml in one process ends it; a link is the same library to the loader.
            File.CreateSymbolicLink(Path.Combine(_folder.FullName, Path.GetFileName(file)), file);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getenv(string name);
}
