using InferenceServer.Server.Commands;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Commands;

public sealed class ExitCodeTests
{
    [Fact]
    public void Page_OfOperations_NamesEveryExitCode()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "operations.md"));
        Assert.All(Enum.GetValues<ExitCode>(), code => Assert.Contains($"\n| {(int)code} | ", page, StringComparison.Ordinal));
    }
}
