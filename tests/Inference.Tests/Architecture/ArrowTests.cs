using System.Text.RegularExpressions;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Architecture;

/// <summary>The arrow of docs/architecture.md: Native, Models, Grammar, {Chat, Sampling}, Cache, Scheduling, Engine, Remote; each may use what comes before it.</summary>
public sealed partial class ArrowTests
{
    private const string Prefix = "InferenceServer.Inference";

    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Native"] = [],
        ["Models"] = ["Native"],
        ["Chat"] = ["Models", "Grammar"],
        ["Grammar"] = ["Models"],
        ["Sampling"] = ["Models", "Grammar"],
        ["Cache"] = [],
        ["Scheduling"] = ["Cache", "Sampling"],
        ["Engine"] = ["Native", "Models", "Grammar", "Sampling", "Cache", "Scheduling"],
        ["Remote"] = ["Native", "Models", "Grammar", "Sampling", "Cache", "Scheduling", "Engine"],
    };

    [Fact]
    public void Rooms_UseEachOther_OnlyAlongTheArrow()
    {
        var forbidden =
            from type in typeof(InferenceOptions).Assembly.GetTypes()
            let room = RoomOf(type)
            where room is not null
            from used in ReferencedTypes.Of(type)
            let usedRoom = used.Assembly == type.Assembly ? RoomOf(used) : null
            where usedRoom is not null && usedRoom != room && !MayUse[room].Contains(usedRoom)
            select $"{type.FullName} uses {used.FullName}";

        Assert.Empty(forbidden.Distinct());
    }

    [Fact]
    public void Walk_FindsUsesInCode()
    {
        // The walk would find nothing to forbid if it found nothing at all.
        Assert.Contains(typeof(Inference.Native.LlamaApi), ReferencedTypes.Of(typeof(Inference.Native.ContextHandle)));
        Assert.Contains(typeof(Inference.Sampling.Sampler), ReferencedTypes.Of(typeof(Inference.Engine.Generation)));
    }

    [Fact]
    public void Inference_References_NoWebFramework()
    {
        var references = typeof(InferenceOptions).Assembly.GetReferencedAssemblies().Select(name => name.Name!);

        Assert.DoesNotContain(references, name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || name is "InferenceServer");
    }

    [Fact]
    public void Unsafe_Code_OnlyInTheNativeRoom()
    {
        var native = Path.Combine(RepositoryFiles.Root, "src", "Inference", "Native");
        var files = Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(file => UnsafeKeyword().IsMatch(File.ReadAllText(file)))
            .ToArray();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.StartsWith(native, file, StringComparison.Ordinal));
    }

    private static string? RoomOf(Type type)
    {
        var name = type.Namespace ?? "";
        return name.StartsWith(Prefix + '.', StringComparison.Ordinal) ? name[(Prefix.Length + 1)..].Split('.')[0] : null;
    }

    [GeneratedRegex(@"^\s*[^/\s].*\bunsafe\b", RegexOptions.Multiline)]
    private static partial Regex UnsafeKeyword();
}
