using System.Text;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Models;

[Collection(NativeCollection.Name)]
public sealed class VocabularyTests(VocabularyFixture models) : IClassFixture<VocabularyFixture>
{
    public static TheoryData<string> Names => [.. VocabularyCases.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void GetBytes_TokensOfEveryTestText_JoinedAreTheText(string name)
    {
        var vocabulary = models[name].Vocabulary;
        foreach (var (text, tokens) in VocabularyCases.Read(name))
        {
            var bytes = tokens.SelectMany(token => vocabulary.GetBytes(token).ToArray()).ToArray();

            // SentencePiece puts a space before a text.
            var prefix = vocabulary.Kind == VocabularyKind.SentencePiece && text.Length > 0 ? " " : "";
            Assert.Equal(prefix + text, Encoding.UTF8.GetString(bytes));
        }
    }

    [Theory]
    [InlineData("gpt-2", 50_257)]
    [InlineData("phi-3", 32_064)]
    [InlineData("qwen2", 151_936)]
    public void Read_RealVocabulary_HasEveryToken(string name, int count)
    {
        var vocabulary = models[name].Vocabulary;
        Assert.Equal(count, vocabulary.Count);
        Assert.True(vocabulary.GetBytes(count - 1).Length >= 0);
        Assert.Empty(vocabulary.Suppressed);
        Assert.Equal(vocabulary.Special.OrderByDescending(token => token.Text.Length), vocabulary.Special);
    }

    [Fact]
    public void Read_Qwen2_KnowsItsMarkers()
    {
        var vocabulary = models["qwen2"].Vocabulary;
        Assert.Equal(VocabularyKind.BytePair, vocabulary.Kind);
        Assert.False(vocabulary.AddsBos);
        Assert.Equal("<|endoftext|>", Text(vocabulary, 151_643));
        Assert.Equal("<|im_start|>", Text(vocabulary, 151_644));
        Assert.Equal("<|im_end|>", Text(vocabulary, 151_645));
        Assert.True(vocabulary.IsControl(151_644));
        Assert.False(vocabulary.IsControl(0));
        Assert.Contains(151_645, vocabulary.EndOfGeneration);
        Assert.True(vocabulary.IsEndOfGeneration(151_645));
        Assert.False(vocabulary.IsEndOfGeneration(151_644));
    }

    [Fact]
    public void Read_Phi3_KnowsItsBytesAndMarkers()
    {
        var vocabulary = models["phi-3"].Vocabulary;
        Assert.Equal(VocabularyKind.SentencePiece, vocabulary.Kind);
        Assert.True(vocabulary.AddsBos);
        Assert.Equal(1, vocabulary.Bos);
        Assert.Equal("<s>", Text(vocabulary, 1));
        Assert.True(vocabulary.IsControl(0));
        Assert.Equal(new byte[] { 0x00 }, vocabulary.GetBytes(3).ToArray());
        Assert.Equal(new byte[] { 0xFF }, vocabulary.GetBytes(258).ToArray());
        Assert.Equal(TokenAttributes.Byte, vocabulary.GetAttributes(3) & TokenAttributes.Byte);
        Assert.Equal("  ", Text(vocabulary, 259));
    }

    [Fact]
    public void GetAttributes_IdOutsideTheVocabulary_IsRefusedBeforeTheLibrarySeesIt()
    {
        var native = models["gpt-2"].NativeVocabulary;
        Assert.Throws<ArgumentOutOfRangeException>(() => native.GetAttributes(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => native.ReadPiece(native.Count, new byte[8]));
    }

    [Fact]
    public void NativeVocabulary_ModelDisposed_IsRefused()
    {
        var model = VocabularyFixture.Load(new ModelLoadSettings { Path = VocabularyCases.File("gpt-2"), VocabularyOnly = true });
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.NativeVocabulary.Tokenize("a"u8, new int[8], addSpecial: false, parseSpecial: false));
        Assert.Equal("!", Text(model.Vocabulary, 0));
    }

    private static string Text(Vocabulary vocabulary, int token) => Encoding.UTF8.GetString(vocabulary.GetBytes(token).Span);
}
