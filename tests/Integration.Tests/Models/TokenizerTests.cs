using System.Text;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Integration.Tests.Native;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Models;

[Collection(NativeCollection.Name)]
public sealed class TokenizerTests(VocabularyFixture models) : IClassFixture<VocabularyFixture>
{
    // These pre-tokenizers run std::regex, whose recursion ended the process on such texts; exaone-moe matches whole lines.
    [Theory]
    [InlineData("tekken")]
    [InlineData("gpt-4o")]
    [InlineData("deepseek-v3")]
    [InlineData("exaone-moe")]
    public async Task EncodeAsync_EndlessRuns_NeitherCrashNorLoseText(string preTokenizer)
    {
        using var model = Load(preTokenizer);
        using var tokenizer = model.CreateTokenizer(escapeControlTokens: true);
        foreach (var unit in new[] { " ", "-", "a", "A", "é", "e\u0301", "-\u0301", "\n", "ab cd ", "A1" })
        {
            var text = string.Concat(Enumerable.Repeat(unit, 60_000)) + "end";
            var tokens = await tokenizer.EncodeAsync(PromptText.Trusted(text), CancellationToken.None);
            var bytes = tokens.ToArray().Where(token => !model.Vocabulary.IsControl(token)).SelectMany(token => model.Vocabulary.GetBytes(token).ToArray());
            Assert.Equal(text, Encoding.UTF8.GetString([.. bytes]));
        }
    }

    [Theory]
    [InlineData("tekken")]
    [InlineData("gpt-4o")]
    [InlineData("deepseek-v3")]
    [InlineData("exaone-moe")]
    public async Task TryEncodeShort_OnAShallowStack_GivesTheSameTokens(string preTokenizer)
    {
        using var model = Load(preTokenizer);
        using var tokenizer = model.CreateTokenizer(escapeControlTokens: true);
        foreach (var unit in (string[])[" ", "-", "a", "A", "é", "\n", "ab cd ", "A1"])
        {
            var prompt = PromptText.Trusted(string.Concat(Enumerable.Repeat(unit, 2_000))[..2_000]);
            ReadOnlyMemory<int> tokens = default;
            var isShort = false;
            var thread = new Thread(() => isShort = tokenizer.TryEncodeShort(prompt, out tokens), maxStackSize: 2 << 20);
            thread.Start();
            thread.Join();
            Assert.True(isShort);
            Assert.Equal((await tokenizer.EncodeAsync(prompt, CancellationToken.None)).ToArray(), tokens.ToArray());
        }
    }

    [Fact]
    public void TryEncodeShort_OfALongPrompt_LeavesItToOthers()
    {
        using var tokenizer = models["gpt-2"].CreateTokenizer(escapeControlTokens: true);
        Assert.False(tokenizer.TryEncodeShort(PromptText.Trusted(new string('a', 2_001)), out var tokens));
        Assert.True(tokens.IsEmpty);
    }

    [Fact]
    public async Task EncodeAsync_HundredPromptsAtOnce_GivesEachItsOwnTokens()
    {
        using var tokenizer = models["qwen2"].CreateTokenizer(escapeControlTokens: true);
        var cases = VocabularyCases.Read("qwen2");
        var running = Enumerable.Range(0, 100)
            .Select(index => (Case: cases[index % cases.Count], Task: tokenizer.EncodeAsync(PromptText.Trusted(cases[index % cases.Count].Text), CancellationToken.None).AsTask()))
            .ToList();
        foreach (var (expected, task) in running)
        {
            Assert.Equal(expected.Tokens, (await task).ToArray());
        }
    }

    [Fact]
    public async Task EncodeAsync_Cancelled_GivesUp()
    {
        using var tokenizer = models["gpt-2"].CreateTokenizer(escapeControlTokens: true);
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tokenizer.EncodeAsync(PromptText.Trusted("a"), source.Token).AsTask());
    }

    [Fact]
    public async Task EncodeAsync_Disposed_IsRefused()
    {
        var tokenizer = models["gpt-2"].CreateTokenizer(escapeControlTokens: true);
        tokenizer.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => tokenizer.EncodeAsync(PromptText.Trusted("a"), CancellationToken.None).AsTask());
    }

    private static LoadedModel Load(string preTokenizer) => VocabularyFixture.Load(new ModelLoadSettings
    {
        Path = VocabularyCases.File("gpt-2"),
        VocabularyOnly = true,
        HeaderOverrides = new Dictionary<string, string> { ["tokenizer.ggml.pre"] = preTokenizer },
    });
}
