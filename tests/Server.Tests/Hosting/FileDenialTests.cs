using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Tests.Hosting;

/// <summary>Who stands in the way of a model file, in words.</summary>
public sealed class FileDenialTests
{
    [Theory]
    [InlineData("/Users/me/models", "/Users/me does not let the user daemon in.")]
    [InlineData("/Users/me/models/a.gguf", "/Users/me/models does not let the user daemon in.")]
    [InlineData(null, "Its mode denies it to the user daemon.")]
    public void Modes_NameTheFolderThatIsShutOrTheFile(string? firstHidden, string expected) =>
        Assert.Equal(expected, FileDenial.DescribeModes("/Users/me/models/a.gguf", "daemon", path => firstHidden is null || !path.StartsWith(firstHidden, StringComparison.Ordinal)));

    [Fact]
    public void Privacy_IsNamedWithTheProgramToAllow() =>
        Assert.Contains("privacy protection (TCC) denies it: allow /x/InferenceServer in System Settings", FileDenial.DescribePrivacy("/x/InferenceServer"), StringComparison.Ordinal);

    [Fact]
    public void Explain_WhatIsNotDenied_SaysNothing()
    {
        Assert.Null(FileDenial.Explain("/no/such/file"));
        Assert.Null(FileDenial.Explain(typeof(FileDenialTests).Assembly.Location));
    }
}
