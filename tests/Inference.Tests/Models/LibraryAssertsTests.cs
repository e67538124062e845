using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models;

public sealed class LibraryAssertsTests
{
    [Fact]
    public void Check_ValuesThatTheLibraryAbortsOver_AreRefused()
    {
        (string Key, object Value)[] cases =
        [
            ("llama.attention.layer_norm_rms_epsilon", -1f),
            ("llama.attention.layer_norm_rms_epsilon", float.NaN),
            ("llama.attention.layer_norm_epsilon", "small"),
            ("llama.rope.scaling.type", "spiral"),
            ("llama.rope.dimension_count", 31u),
            ("llama.rope.dimension_count", 34u),
            ("llama.rope.dimension_count_swa", 64u),
            ("llama.attention.head_count_kv", 0x1000_0001u),
            ("llama.nextn_predict_layers", 3u),
            ("llama.expert_count", 1_025u),
            ("llama.expert_count", 8u),
            ("llama.expert_used_count", 2u),
            ("llama.expert_used_count", new[] { 2u, 2u }),
            ("llama.expert_group_count", 2u),
        ];
        foreach (var (key, value) in cases)
        {
            var model = TinyModel.Create(new TinyModelOptions());
            Assert.Equal(ModelFileError.None, Read(model));
            Assert.True(ModelFileError.Malformed == Read(model.Set(key, value)), $"{key} {value} was let through.");
        }
    }

    [Fact]
    public void Check_ValuesOfRealModels_AreLetThrough()
    {
        (string Key, object Value)[] cases =
        [
            ("llama.attention.layer_norm_epsilon", 0f),
            ("llama.rope.scaling.type", "yarn"),
            ("llama.rope.dimension_count", 16u),
            ("llama.rope.dimension_count_swa", 32u),
            ("llama.nextn_predict_layers", 1u),
        ];
        foreach (var (key, value) in cases)
        {
            Assert.Equal(ModelFileError.None, Read(TinyModel.Create(new TinyModelOptions()).Set(key, value)));
        }
    }

    [Theory]
    [InlineData(8u, 2u, 0u, 0u, true)]
    [InlineData(8u, 8u, 1u, 0u, true)]
    [InlineData(8u, 2u, 4u, 2u, true)]
    [InlineData(8u, 9u, 0u, 0u, false)]
    [InlineData(8u, 0u, 0u, 0u, false)]
    [InlineData(8u, 2u, 3u, 1u, false)]
    [InlineData(8u, 2u, 4u, 0u, false)]
    [InlineData(8u, 2u, 4u, 4u, false)]
    [InlineData(8u, 2u, 8u, 1u, false)]
    public void Check_Experts_MustFitTogether(uint count, uint used, uint groups, uint usedGroups, bool fits)
    {
        var model = TinyModel.Create(new TinyModelOptions())
            .Set("llama.expert_count", count).Set("llama.expert_used_count", used)
            .Set("llama.expert_group_count", groups).Set("llama.expert_group_used_count", usedGroups);
        Assert.Equal(fits ? ModelFileError.None : ModelFileError.Malformed, Read(model));
    }

    private static ModelFileError Read(GgufWriter model)
    {
        var bytes = model.ToArray();
        return ModelFile.Read("tiny.gguf", _ => new MemoryStream(bytes)).Error;
    }
}
