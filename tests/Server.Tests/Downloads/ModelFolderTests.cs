using InferenceServer.Server.Commands;
using InferenceServer.Server.Downloads;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Downloads;

public sealed class ModelFolderTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("model-folder-");

    private ModelFolder Folder => new(_root.FullName);

    private ModelLocator Locator => new(Folder, new HuggingFace(new Uri("https://hub.example"), null));

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void List_FolderThatIsNotThere_IsEmpty() => Assert.Empty(new ModelFolder(Path.Combine(_root.FullName, "none")).List());

    [Fact]
    public void List_FilesShardsAndParts_AreModels()
    {
        var tiny = Add("owner/repo", "tiny.Q4.gguf");
        var shards = TinyModel.Create(new TinyModelOptions()).WriteShards(Directory.CreateDirectory(Path.Combine(_root.FullName, "o", "sharded")).FullName, "big", 3);
        File.Delete(shards[2]);
        AddPart("o/begun", "half.gguf", "{\"Length\":1000,\"Version\":null,\"PartLength\":600,\"Done\":[600,150]}");
        AddPart("o/begun", "unknown.gguf", "nonsense");
        File.WriteAllText(Path.Combine(_root.FullName, "notes.txt"), "no model");

        var models = Folder.List();

        Assert.Equal(["big", "half", "tiny.Q4", "unknown"], models.Select(model => model.Name));
        Assert.Equal([false, false, true, false], models.Select(model => model.IsWhole));
        Assert.Equal(["o/sharded", "o/begun", "owner/repo", "o/begun"], models.Select(model => model.Group));
        Assert.Equal((750, 1000), (models[1].Size, models[1].Length));
        Assert.Equal((new FileInfo(tiny).Length, tiny), (models[2].Size, models[2].Path));
        Assert.Equal(shards[0], models[0].Path);
        Assert.Equal(shards.Take(2).Sum(shard => new FileInfo(shard).Length), models[0].Size);
    }

    [Theory]
    [InlineData("tiny.Q4")]
    [InlineData("TINY.q4")]
    [InlineData("owner/repo/tiny.Q4")]
    [InlineData("hf:owner/repo/tiny.Q4.gguf")]
    public void Find_NameOfAPulledModel_IsItsFile(string name)
    {
        var path = Add("owner/repo", "tiny.Q4.gguf");
        Assert.Equal(path, Locator.Find(name));
    }

    [Fact]
    public void Find_RecommendedModelThatWasPulled_IsItsFile()
    {
        var path = Add("Qwen/Qwen3-8B-GGUF", "Qwen3-8B-Q4_K_M.gguf");
        Assert.Equal(path, Locator.Find("qwen3-8b"));
    }

    [Theory]
    [InlineData("hf:owner/repo/none.gguf", "pull hf:owner/repo/none.gguf")]
    [InlineData("llama-3.3-70b", "pull llama-3.3-70b")]
    [InlineData("none", "models --catalogue")]
    [InlineData("half", "not whole")]
    [InlineData("twice", "a/b/twice, c/d/twice")]
    public void Find_NameThatMeansNoOneFile_SaysWhatToDo(string name, string part)
    {
        AddPart("o/begun", "half.gguf", "{}");
        Add("a/b", "twice.gguf");
        Add("c/d", "twice.gguf");
        var exception = Assert.Throws<StartupException>(() => Locator.Find(name));
        Assert.Equal(ExitCode.BadModel, exception.ExitCode);
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_PathOrNothing_IsAPath()
    {
        var path = Add("owner/repo", "tiny.gguf");
        Assert.Equal(path, Locator.Find(path));
        Assert.Equal(Path.GetFullPath("nowhere.gguf"), Locator.Find("nowhere.gguf"));
        Assert.Equal(Path.GetFullPath("no/where"), Locator.Find("no/where"));
        Assert.EndsWith("SmolLM2-135M-Instruct.Q4_1.gguf", Locator.Find("models/SmolLM2-135M-Instruct.Q4_1.gguf"), StringComparison.Ordinal);
    }

    [Fact]
    public void WriteStored_Models_TellsWhatTheyAre()
    {
        Add("owner/repo", "tiny.gguf");
        AddPart("o/begun", "half.gguf", "{\"Length\":1000,\"Version\":null,\"PartLength\":600,\"Done\":[600,150]}");
        using var output = new StringWriter();
        ModelTable.WriteStored(Folder, output);
        var lines = output.ToString().Split('\n');
        Assert.Matches(@"half\s+. 750 bytes\s+.\s+.\s+. partial, 75 %\s+.*half\.gguf", Assert.Single(lines, line => line.Contains("half", StringComparison.Ordinal)));
        Assert.Matches(@"tiny\s+. [\d.]+ kB\s+. F32\s+. 2,048\s+. complete\s+.*tiny\.gguf", Assert.Single(lines, line => line.Contains("tiny", StringComparison.Ordinal)));
    }

    private string Add(string group, string name)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_root.FullName, group)).FullName, name);
        TinyModel.WriteTo(path, new TinyModelOptions());
        return path;
    }

    private void AddPart(string group, string name, string state)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_root.FullName, group)).FullName, name);
        File.WriteAllText(path + ".part", "");
        File.WriteAllText(path + ".part.json", state);
    }
}
