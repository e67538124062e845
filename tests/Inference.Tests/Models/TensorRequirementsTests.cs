using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Models;

public sealed class TensorRequirementsTests
{
    private const int Float16 = 1;
    private const int Int32 = 26;
    private const int Float64 = 28;

    [Theory]
    [InlineData("blk.0.attn_norm.weight", Float16, false)]
    [InlineData("blk.0.ssm_conv1d.weight", Float16, false)]
    [InlineData("blk.0.ssm_a", Float16, false)]
    [InlineData("blk.0.ssm_alpha.weight", Float16, true)]
    [InlineData("blk.0.attn_q.bias", Float16, false)]
    [InlineData("blk.0.attn_q.weight", Float16, true)]
    [InlineData("blk.0.attn_q.weight", Float64, false)]
    [InlineData("blk.0.attn_q.weight", Int32, false)]
    [InlineData("blk.0.ffn_gate_tid2eid.weight", Int32, true)]
    public void Check_NumberFormat_MustBeOneTheLibraryComputesWith(string name, int type, bool usable)
    {
        var model = TinyModel.Create(new TinyModelOptions());
        model.RemoveTensors(tensor => tensor.Name == name);
        var bytes = model.Add(new GgufTensor(name, type, [2, 2], new byte[32])).ToArray();
        var result = Read(bytes);
        Assert.Equal(usable ? ModelFileError.None : ModelFileError.UnsupportedTensorType, result.Error);
        Assert.Equal(!usable, result.Message?.Contains($"'{name}'", StringComparison.Ordinal) ?? false);
    }

    private static ModelFileResult Read(byte[] bytes) => ModelFile.Read("tiny.gguf", _ => new MemoryStream(bytes));
}
