using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Cache;

/// <summary>Each part that changes the numbers changes the names of prefixes.</summary>
public sealed class PrefixFingerprintTests : IDisposable
{
    private static readonly PrefixFingerprint Some = new("model", KvCacheType.Q8_0, "auto", null, "0.4.0", 1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fingerprint-");

    private string Model => Path.Combine(_folder.FullName, "model.gguf");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Text_OnePartIsAnother_EveryNameDiffers()
    {
        PrefixFingerprint[] others =
        [
            Some with { Model = "other" }, Some with { KvType = KvCacheType.F16 }, Some with { KvType = KvCacheType.Q4_0 }, Some with { Device = "cpu" },
            Some with { GpuLayers = 0 }, Some with { GpuLayers = 1 }, Some with { Release = "0.4.1" }, Some with { Format = 2 },
        ];
        Assert.Equal(NameOf(Some), NameOf(Some with { }));
        Assert.Equal(others.Length + 1, others.Append(Some).Select(NameOf).Distinct().Count());
    }

    // A part that nobody put into the text would keep the names.
    [Fact]
    public void Text_HasEveryPart()
    {
        var some = Some with { GpuLayers = 3 };
        var parts = typeof(PrefixFingerprint).GetProperties().Where(property => property.Name != nameof(PrefixFingerprint.Text)).Select(property => $"{property.GetValue(some)}");

        Assert.Equal(parts, some.Text.Split('|'));
    }

    [Fact]
    public void Identity_TheSameFileElsewhere_IsTheSame()
    {
        Write(TinyModel.Create(new TinyModelOptions()));
        var copy = Path.Combine(_folder.FullName, "elsewhere.gguf");
        File.Copy(Model, copy);
        File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(Model));

        Assert.Equal(ModelIdentity.Of(Model), ModelIdentity.Of(copy));
    }

    [Theory]
    [InlineData("rope.freq_base", 20_000f)]
    [InlineData("rope.scale_linear", 2f)]
    [InlineData("rope.dimension_count", 16u)]
    public void Identity_OtherSettingsOfTheRope_IsAnother(string key, object value)
    {
        var model = TinyModel.Create(new TinyModelOptions());
        Write(model);
        var before = ModelIdentity.Of(Model);
        Write(model.Set($"llama.{key}", value));

        Assert.NotEqual(before, ModelIdentity.Of(Model));
    }

    [Fact]
    public void Identity_OtherWeightsLengthOrTime_IsAnother()
    {
        var identities = new HashSet<string>();
        Write(TinyModel.Create(new TinyModelOptions()));
        identities.Add(ModelIdentity.Of(Model));
        Write(TinyModel.Create(new TinyModelOptions { Seed = 2 }));
        identities.Add(ModelIdentity.Of(Model));
        File.SetLastWriteTimeUtc(Model, Noon.AddSeconds(1));
        identities.Add(ModelIdentity.Of(Model));
        File.AppendAllText(Model, "x");
        File.SetLastWriteTimeUtc(Model, Noon.AddSeconds(1));
        identities.Add(ModelIdentity.Of(Model));

        Assert.Equal(4, identities.Count);
    }

    [Fact]
    public void Identity_AnotherShardThanTheFirst_IsAnother()
    {
        var shards = TinyModel.Create(new TinyModelOptions()).WriteShards(_folder.FullName, "model", 2);
        var before = ModelIdentity.Of(shards[0]);
        var last = File.ReadAllBytes(shards[1]);
        last[^1] ^= 1;
        var time = File.GetLastWriteTimeUtc(shards[1]);
        File.WriteAllBytes(shards[1], last);
        File.SetLastWriteTimeUtc(shards[1], time);

        Assert.NotEqual(before, ModelIdentity.Of(shards[0]));
    }

    private static DateTime Noon => new(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc);

    private static PrefixName NameOf(PrefixFingerprint fingerprint) => PrefixName.Root(fingerprint.Text, null).Append([1, 2, 3]);

    // At the same time, so that the contents have to tell.
    private void Write(GgufWriter model)
    {
        model.WriteTo(Model);
        File.SetLastWriteTimeUtc(Model, Noon);
    }
}
