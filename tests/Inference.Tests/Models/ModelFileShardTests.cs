using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models;

public sealed class ModelFileShardTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("model-shards-");
    private readonly GgufWriter _model = TinyModel.Create(new TinyModelOptions());

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Read_FirstOfThree_ReadsAll()
    {
        var paths = Write(3);
        _model.WriteTo(Path.Combine(_folder.FullName, "whole.gguf"));
        var whole = ModelFile.Read(Path.Combine(_folder.FullName, "whole.gguf")).File!;

        var result = ModelFile.Read(paths[0]);

        Assert.Null(result.Message);
        Assert.Equal(paths, result.File!.Paths);
        Assert.Equal(whole.Tensors.Select(tensor => (tensor.Name, tensor.NumBytes)), result.File.Tensors.Select(tensor => (tensor.Name, tensor.NumBytes)));
        Assert.Equal(whole.Metadata.ParameterCount, result.File.Metadata.ParameterCount);
        Assert.Equal(paths.Sum(path => new FileInfo(path).Length), result.File.Metadata.FileSize);
        Assert.Equal(paths[0], result.File.Metadata.Path);
    }

    [Fact]
    public void Read_ShardsWithoutName_AreNamedAfterTheirPrefix()
    {
        _model.Remove("general.name");
        Assert.Equal("tiny.v1", ModelFile.Read(Write(2, "tiny.v1")[0]).File!.Metadata.Name);
    }

    [Fact]
    public void Read_OnlyShard_IsAWholeModel() => Assert.True(ModelFile.Read(Write(1)[0]).IsUsable);

    [Fact]
    public void Read_NotTheFirst_NamesTheFirst()
    {
        var paths = Write(3);
        AssertFailed(ModelFileError.NotFirstShard, $"{paths[1]} is shard 2 of 3: name the first one, {paths[0]}.", paths[1]);
    }

    [Fact]
    public void Read_NotTheFirstUnderAnotherName_SaysSo()
    {
        var paths = Write(3);
        _model.Set("split.no", (ushort)2).Set("split.count", (ushort)3).WriteTo(paths[0]);
        AssertFailed(ModelFileError.NotFirstShard, $"{paths[0]} is not the first of its 3 shards: name that one.", paths[0]);
    }

    [Fact]
    public void Read_RenamedFirst_SaysWhatItsNameMustBe()
    {
        var paths = Write(2);
        var renamed = Path.Combine(_folder.FullName, "model.gguf");
        File.Move(paths[0], renamed);
        AssertFailed(ModelFileError.InconsistentShards, $"{renamed} is the first of 2 shards, so its name must end in -00001-of-00002.gguf.", renamed);
    }

    [Fact]
    public void Read_ShardMissing_NamesIt()
    {
        var paths = Write(3);
        File.Delete(paths[2]);
        AssertFailed(ModelFileError.MissingShard, $"{paths[2]} does not exist, but the model has 3 shards.", paths[0]);
    }

    [Fact]
    public void Read_ShardTruncated_NamesIt()
    {
        var paths = Write(2);
        using (var stream = new FileStream(paths[1], FileMode.Open))
        {
            stream.SetLength(stream.Length / 2);
        }

        var result = ModelFile.Read(paths[0]);
        Assert.Equal(ModelFileError.Truncated, result.Error);
        Assert.StartsWith(paths[1], result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ShardIsADirectory_NamesIt()
    {
        var paths = Write(2);
        File.Delete(paths[1]);
        Directory.CreateDirectory(paths[1]);
        AssertFailed(ModelFileError.IsDirectory, $"{paths[1]} is a directory; name a .gguf file in it.", paths[0]);
    }

    [Fact]
    public void Read_ShardInAnothersPlace_SaysSo()
    {
        var paths = Write(3);
        File.Copy(paths[2], paths[1], overwrite: true);
        AssertFailed(ModelFileError.InconsistentShards, $"{paths[1]} does not say that it is shard 2 of 3.", paths[0]);
    }

    [Fact]
    public void Read_ShardOfASetOfAnotherSize_SaysSo()
    {
        var paths = Write(2);
        File.Copy(Write(3)[1], paths[1], overwrite: true);
        AssertFailed(ModelFileError.InconsistentShards, $"{paths[1]} does not say that it is shard 2 of 2.", paths[0]);
    }

    [Fact]
    public void Read_ShardOfAnotherModel_CountsItsTensors()
    {
        var paths = Write(2);
        var other = TinyModel.Create(new TinyModelOptions { BlockCount = 4 }).WriteShards(_folder.FullName, "other", 2);
        File.Copy(other[1], paths[1], overwrite: true);
        var result = ModelFile.Read(paths[0]);
        Assert.Equal(ModelFileError.InconsistentShards, result.Error);
        Assert.Contains($"hold {_model.Tensors.Count} tensors", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TensorInTwoShards_NamesIt()
    {
        var last = _model.Tensors[^1];
        _model.RemoveTensors(tensor => tensor == last).Add(last with { Name = "token_embd.weight" });
        var paths = Write(2);
        AssertFailed(ModelFileError.InconsistentShards, $"{paths[0]} and its other shards hold the tensor 'token_embd.weight' twice.", paths[0]);
    }

    private IReadOnlyList<string> Write(int count, string name = "tiny") => _model.WriteShards(_folder.FullName, name, count);

    private static void AssertFailed(ModelFileError error, string message, string path)
    {
        var result = ModelFile.Read(path);
        Assert.Equal(message, result.Message);
        Assert.Equal(error, result.Error);
    }
}
