using InferenceServer.Inference.Models;
using InferenceServer.Server.Downloads;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Server.Tests.Downloads;

public sealed class RangeStreamTests : IAsyncDisposable
{
    // More than one block of the stream, most of it weights.
    private readonly byte[] _model = TinyModel.Create(new TinyModelOptions { BlockCount = 60 }).ToArray();
    private readonly DownloadClient _client = new(new HuggingFace(new Uri("http://127.0.0.1:1"), null));

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Read_HeaderOfAModel_IsTheFilesAndLeavesTheWeights()
    {
        await using var server = await FileServer.StartAsync(_model);
        var path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, _model);
        var local = ModelFile.Read(path).File!;
        File.Delete(path);

        var remote = ModelFile.Read(new Uri(server.Address, "/tiny.gguf").AbsoluteUri, address => RangeStream.Open(_client, new Uri(address)));

        Assert.True(remote.IsUsable, remote.Message);
        Assert.Equal(local.Metadata with { Path = "" }, remote.File.Metadata with { Path = "", Name = local.Metadata.Name });
        Assert.InRange(server.NumBytes, 1, 2 * (2 << 20));
        Assert.True(_model.Length > server.NumBytes, $"{_model.Length} bytes, {server.NumBytes} of them sent.");
    }

    [Fact]
    public async Task Read_Shards_AreFoundBesideTheFirst()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var shards = TinyModel.Create(new TinyModelOptions()).WriteShards(folder.FullName, "tiny", 3).ToDictionary(path => "/" + Path.GetFileName(path), File.ReadAllBytes);
            await using var server = await FileServer.StartAsync([]);
            server.Handle = (context, _) =>
            {
                server.Content = shards[context.Request.Path];
                return server.SendAsync(context);
            };
            var remote = ModelFile.Read(
                new Uri(server.Address, "/tiny-00001-of-00003.gguf").AbsoluteUri, address => RangeStream.Open(_client, new Uri(address)));
            Assert.True(remote.IsUsable, remote.Message);
            Assert.Equal(shards.Values.Sum(shard => shard.Length), remote.File.Metadata.FileSize);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(StatusCodes.Status404NotFound, ModelFileError.NotFound)]
    [InlineData(StatusCodes.Status403Forbidden, ModelFileError.Unreadable)]
    [InlineData(StatusCodes.Status500InternalServerError, ModelFileError.Unreadable)]
    public async Task Read_ServerWithoutTheFile_IsAnOutcome(int status, ModelFileError error)
    {
        await using var server = await FileServer.StartAsync(_model);
        server.Handle = (context, _) => FileServer.FailAsync(context, status);
        Assert.Equal(error, Read(server).Error);
    }

    [Fact]
    public async Task Read_ServerThatFailsLater_IsAnOutcome()
    {
        await using var server = await FileServer.StartAsync(_model);
        server.Handle = (context, number) => number == 1 ? server.SendAsync(context) : server.SendAsync(context, breakAfter: 1000);
        Assert.Equal(ModelFileError.Unreadable, Read(server).Error);
    }

    [Fact]
    public async Task Read_ServerWithoutRanges_SaysWhatToDo()
    {
        await using var server = await FileServer.StartAsync(_model);
        server.Handle = (context, _) => server.WriteAsync(context, 0, _model.Length);
        Assert.Contains("pull", Read(server).Message, StringComparison.Ordinal);
    }

    private ModelFileResult Read(FileServer server) =>
        ModelFile.Read(new Uri(server.Address, "/tiny.gguf").AbsoluteUri, address => RangeStream.Open(_client, new Uri(address)));
}
