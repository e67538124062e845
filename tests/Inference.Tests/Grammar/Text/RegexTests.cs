using System.Text.RegularExpressions;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Tests.Grammar.Text;

public sealed class RegexTests
{
    private static readonly string[] Texts =
    [
        "", "a", "b", "ab", "ba", "aab", "abc", "abcabc", "xabcx", "aaaa", "0", "12", "a1", "1a", "_", "-", " ", "\t", "\n", "é", "日本", "😀", "a😀b", "a.b", "a\nb", "[]", "{}", "\\", "/", "a-b", "A", "Z9", "(a)",
        "foo", "foobar", "barfoo", "2024-01-31", "a@b.c", "aaab", "aaabbb", "^a", "a$", "ab\u2028", "\u00a0",
    ];

    // .NET's own engine is the judge; both search unless anchored.
    [Theory]
    [InlineData("a")]
    [InlineData("^a")]
    [InlineData("a$")]
    [InlineData("^a$")]
    [InlineData("^$")]
    [InlineData("")]
    [InlineData("^a|b$")]
    [InlineData("^(a|b)*$")]
    [InlineData("^(?:ab|a)(?:c|)$")]
    [InlineData("(^a|b)c?$")]
    [InlineData("^a{2,4}$")]
    [InlineData("^a{2}b{0,2}$")]
    [InlineData("^a{3,}b*?$")]
    [InlineData("^(a*)*b$")]
    [InlineData("^(a?){3}b+?$")]
    [InlineData(@"^\d+$")]
    [InlineData(@"^\D+$")]
    [InlineData(@"^[\w-]+$")]
    [InlineData(@"^\W$")]
    [InlineData(@"\s")]
    [InlineData(@"^\S*$")]
    [InlineData("^[^a-c]+$")]
    [InlineData("^[a\\-z]+$")]
    [InlineData("^[-a]+$")]
    [InlineData(@"^[\[\]{}]+$")]
    [InlineData(@"\\|/")]
    [InlineData(@"^a\.b$")]
    [InlineData(@"^\(a\)$")]
    [InlineData(@"^\x61\u0062$")]
    [InlineData(@"^(?<year>\d{4})-\d{2}-\d{2}$")]
    [InlineData("foo|bar")]
    [InlineData(@"^\^a|a\$$")]
    [InlineData("[é日]")]
    public void Contains_EveryText_AgreesWithDotNet(string pattern)
    {
        var texts = RegexParser.Compile(pattern, searches: true, new CompileBudget(), "pattern");

        // "$" of .NET also stands before a last newline.
        var judge = new Regex(Regex.Replace(pattern, @"(?<!\\)\$", @"\z"), RegexOptions.CultureInvariant);
        var isAsciiOnly = Regex.IsMatch(pattern, @"\\[SwW]");
        foreach (var text in Texts.Where(text => !isAsciiOnly || text.All(char.IsAscii)))
        {
            Assert.True(judge.IsMatch(text) == texts.Contains(text), $"/{pattern}/ on \"{text}\"");
        }
    }

    [Theory]
    [InlineData("^.$", "😀", true)]
    [InlineData("^.$", "\n", false)]
    [InlineData("^[^a]$", "\n", true)]
    [InlineData(@"^\u{1F600}$", "😀", true)]
    [InlineData(@"^\uD83D\uDE00$", "😀", true)]
    [InlineData(@"^\p{Lu}\p{L}+$", "Éa", true)]
    [InlineData(@"^\p{Lu}\p{L}+$", "éa", false)]
    [InlineData(@"^\P{L}$", "1", true)]
    [InlineData(@"^\w$", "é", false)]
    [InlineData(@"^\s$", "\uFEFF", true)]
    [InlineData(@"^\cJ$", "\n", true)]
    public void Contains_Unicode_AsEcmaScriptWithFlagU(string pattern, string text, bool isMember) =>
        Assert.Equal(isMember, RegexParser.Compile(pattern, searches: true, new CompileBudget(), "pattern").Contains(text));

    [Theory]
    [InlineData("(a", GrammarErrorKind.Invalid, "offset 0")]
    [InlineData("a)", GrammarErrorKind.Invalid, "offset 1")]
    [InlineData("[a", GrammarErrorKind.Invalid, "offset 0")]
    [InlineData("*a", GrammarErrorKind.Invalid, "offset 0")]
    [InlineData("a{2,1}", GrammarErrorKind.Invalid, "offset 0")]
    [InlineData("a{x}", GrammarErrorKind.Invalid, "offset 2")]
    [InlineData("[z-a]", GrammarErrorKind.Invalid, "offset 1")]
    [InlineData("ab\\", GrammarErrorKind.Invalid, "offset 2")]
    [InlineData("\\q", GrammarErrorKind.Invalid, "offset 0")]
    [InlineData("\\x1", GrammarErrorKind.Invalid, "offset 0")]
    [InlineData("a(?=b)", GrammarErrorKind.Unsupported, "offset 3")]
    [InlineData("a(?<!b)", GrammarErrorKind.Unsupported, "offset 3")]
    [InlineData("a\\b", GrammarErrorKind.Unsupported, "offset 1")]
    [InlineData("(a)\\1", GrammarErrorKind.Unsupported, "offset 3")]
    [InlineData("\\p{Foo}", GrammarErrorKind.Unsupported, "offset 0")]
    [InlineData("a{50000}", GrammarErrorKind.TooComplex, "offset 7")]
    [InlineData("(a|b)*a(a|b){18}", GrammarErrorKind.TooComplex, "pattern")]
    [InlineData("a^b", GrammarErrorKind.Unsatisfiable, "pattern")]
    public void Compile_WhatCannotBe_IsRefusedAtItsPlace(string pattern, GrammarErrorKind kind, string place)
    {
        var error = Grammars.Refused(GrammarKind.Regex, pattern);

        Assert.Equal(kind, error.Kind);
        Assert.EndsWith(place, error.Place, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_TenThousandGroups_IsRefused()
    {
        var error = Grammars.Refused(GrammarKind.Regex, new string('(', 10_000));

        Assert.Equal(GrammarErrorKind.TooComplex, error.Kind);
    }

    [Theory]
    [InlineData("[a-c]+", "abc", true)]
    [InlineData("[a-c]+", "abcd", false)]
    [InlineData("^[a-c]+$", "abc", true)]
    [InlineData("[^x]{2}", "日😀", true)]
    [InlineData("yes|no", "no", true)]
    [InlineData("yes|no", "nope", false)]
    public void Matches_WholeOutput(string pattern, string text, bool isMatch) =>
        Assert.Equal(isMatch, Grammars.Of(GrammarKind.Regex, pattern).Matches(text));
}
