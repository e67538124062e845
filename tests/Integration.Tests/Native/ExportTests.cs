using System.Reflection;
using System.Runtime.InteropServices;
using InferenceServer.Inference.Native;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Native;

public sealed class ExportTests
{
    public static TheoryData<string, string, string> Libraries => new()
    {
        { "linux-x64", LlamaApi.GgmlBase, "libggml-base.so" },
        { "linux-x64", LlamaApi.Ggml, "libggml.v0.4.0.so" },
        { "linux-x64", LlamaApi.Llama, "libllama.v0.4.0.so" },
        { "linux-arm64", LlamaApi.GgmlBase, "libggml-base.so" },
        { "linux-arm64", LlamaApi.Ggml, "libggml.v0.4.0.so" },
        { "linux-arm64", LlamaApi.Llama, "libllama.v0.4.0.so" },
        { "mac-arm64-metal", LlamaApi.GgmlBase, "libggml-base.dylib" },
        { "mac-arm64-metal", LlamaApi.Ggml, "libggml.metal.v0.4.0.dylib" },
        { "mac-arm64-metal", LlamaApi.Llama, "libllama.metal.v0.4.0.dylib" },
    };

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Package_EveryImportOfTheLibrary_IsExported(string package, string library, string file)
    {
        var path = Path.Combine(RepositoryFiles.NativePackage(package), file);
        var exports = file.EndsWith(".dylib", StringComparison.Ordinal) ? MachOExports.Read(path) : ElfExports.Read(path);
        var imports = Imports(library);

        Assert.NotEmpty(imports);
        Assert.Empty(imports.Except(exports));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Package_FunctionThatDoesNotExist_IsNotExported(string package, string library, string file)
    {
        var path = Path.Combine(RepositoryFiles.NativePackage(package), file);
        var exports = file.EndsWith(".dylib", StringComparison.Ordinal) ? MachOExports.Read(path) : ElfExports.Read(path);

        // Imports of the library itself stand in the same table; they must not count. All three need the C library.
        Assert.DoesNotContain("memcpy", exports);
        Assert.DoesNotContain(Imports(library), import => exports.Contains(import + "_"));
    }

    [Fact]
    public void Imports_AllFunctions_NameOneOfTheThreeLibraries()
    {
        var declared = typeof(LlamaApi).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Count(method => method.Name.StartsWith("llama_", StringComparison.Ordinal) || method.Name.StartsWith("ggml_", StringComparison.Ordinal));
        Assert.Equal(declared, Imports(LlamaApi.Llama).Count + Imports(LlamaApi.Ggml).Count + Imports(LlamaApi.GgmlBase).Count);
        Assert.True(declared > 50);
    }

    private static List<string> Imports(string library) =>
        [.. typeof(LlamaApi).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Where(method => LibraryOf(method) == library)
            .Select(method => method.Name)];

    // The generator turns simple declarations into a DllImport of their own, others into a method that holds one.
    private static string? LibraryOf(MethodInfo method) =>
        method.GetCustomAttribute<LibraryImportAttribute>()?.LibraryName ?? method.GetCustomAttribute<DllImportAttribute>()?.Value;
}
