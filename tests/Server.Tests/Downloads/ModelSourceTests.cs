using InferenceServer.Server.Downloads;

namespace InferenceServer.Server.Tests.Downloads;

public sealed class ModelSourceTests
{
    private static readonly HuggingFace Hub = new(new Uri("https://hub.example"), null);

    [Theory]
    [InlineData("hf:owner/repo/file.gguf", "https://hub.example/owner/repo/resolve/main/file.gguf", "owner/repo", "file.gguf")]
    [InlineData("hf:owner/repo@v1.0/sub/a b.gguf", "https://hub.example/owner/repo/resolve/v1.0/sub/a%20b.gguf", "owner/repo", "a b.gguf")]
    [InlineData("hf:owner/repo@refs%2Fpr%2F1/f.gguf", "https://hub.example/owner/repo/resolve/refs%2Fpr%2F1/f.gguf", "owner/repo", "f.gguf")]
    [InlineData("hf:owner/repo/?x=#y.gguf", "https://hub.example/owner/repo/resolve/main/%3Fx%3D%23y.gguf", "owner/repo", "?x=#y.gguf")]
    [InlineData("https://files.example:8443/m/model.gguf?download=true", "https://files.example:8443/m/model.gguf?download=true", "files.example", "model.gguf")]
    [InlineData("http://files.example/a%20b.gguf", "http://files.example/a%20b.gguf", "files.example", "a b.gguf")]
    public void Parse_Source_KnowsWhereFromAndWhereTo(string text, string address, string group, string name)
    {
        var source = ModelSource.Parse(text, Hub, out var error);
        Assert.Null(error);
        Assert.Equal(new ModelSource(new Uri(address), group, name), source);
        Assert.Equal(address, source!.Address.AbsoluteUri);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hf:")]
    [InlineData("hf:owner/repo")]
    [InlineData("hf:owner//file.gguf")]
    [InlineData("hf:owner/repo@/file.gguf")]
    [InlineData("hf:owner/../file.gguf")]
    [InlineData("hf:../repo/file.gguf")]
    [InlineData("hf:owner/repo/..")]
    [InlineData("https://files.example")]
    [InlineData("https://files.example/")]
    [InlineData("https://files.example/a%2Fb.gguf")]
    [InlineData("https://files.example/%2e%2e%5Cb.gguf")]
    [InlineData("ftp://files.example/a.gguf")]
    [InlineData("https://")]
    public void Parse_NoSource_SaysSo(string text)
    {
        Assert.Null(ModelSource.Parse(text, Hub, out var error));
        Assert.Contains(text, error, StringComparison.Ordinal);
    }

    [Fact]
    public void All_OneOfSeveralShards_NamesThemAll()
    {
        var sources = ModelSource.Parse("hf:o/r/q4/m-00002-of-00003.gguf", Hub, out _)!.All();
        Assert.Equal(
            [1, 2, 3],
            sources.Select(source => int.Parse(source.FileName.AsSpan("m-0000".Length, 1), System.Globalization.CultureInfo.InvariantCulture)));
        Assert.All(sources, source => Assert.Equal($"https://hub.example/o/r/resolve/main/q4/{source.FileName}", source.Address.AbsoluteUri));
    }

    [Fact]
    public void All_ShardsWithQuery_KeepIt()
    {
        var sources = ModelSource.Parse("https://files.example/m-00001-of-00002.gguf?k=1", Hub, out _)!.All();
        Assert.Equal(["https://files.example/m-00001-of-00002.gguf?k=1", "https://files.example/m-00002-of-00002.gguf?k=1"], sources.Select(source => source.Address.AbsoluteUri));
    }

    [Fact]
    public void All_OneFile_IsItself()
    {
        var source = ModelSource.Parse("hf:o/r/m.gguf", Hub, out _)!;
        Assert.Equal([source], source.All());
    }

    [Fact]
    public void Recommended_All_HaveSourcesAndNamesOfTheirOwn()
    {
        Assert.All(RecommendedModel.All, model => Assert.NotNull(ModelSource.Parse(model.Source, Hub, out _)));
        Assert.Equal(RecommendedModel.All.Count, RecommendedModel.All.Select(model => model.Name).Distinct().Count());
        Assert.Contains("70b", RecommendedModel.All[0].Name, StringComparison.Ordinal);
        Assert.All(RecommendedModel.All, model => Assert.True(model.Gigabytes < model.Memory));
    }
}
