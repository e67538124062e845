using InferenceServer.Inference.Grammar;

namespace InferenceServer.Inference.Tests.Grammar.Gbnf;

public sealed class GbnfTests
{
    private const string Arithmetic = """
        # expressions, with a comment
        root  ::= expr "=" ws term "\n"
        expr  ::= term ([-+*/] term)*
        term  ::= ident | num | "(" ws expr ")" ws
        ident ::= [a-z] [a-z0-9_]* ws
        num   ::= [0-9]+ ws
        ws    ::= [ \t\n]*
        """;

    private const string Json = """
        root   ::= object
        value  ::= object | array | string | number | ("true" | "false" | "null") ws
        object ::=
          "{" ws (
                    string ":" ws value
            ("," ws string ":" ws value)*
          )? "}" ws
        array  ::=
          "[" ws (
                    value
            ("," ws value)*
          )? "]" ws
        string ::=
          "\"" (
            [^"\\\x7F\x00-\x1F] |
            "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
          )* "\"" ws
        number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
        ws ::= | " " | "\n" [ \t]{0,20}
        """;

    [Theory]
    [InlineData(Arithmetic, "x = y\n", true)]
    [InlineData(Arithmetic, "3 +(4 *x )=12\n", true)]
    [InlineData(Arithmetic, "3 + = 12\n", false)]
    [InlineData(Arithmetic, "x = y", false)]
    [InlineData(Json, "{\"a\": [1, 2.5e1, {\"b\": \"\\u00e9\\n\"}], \"c\": null}", true)]
    [InlineData(Json, "{\"a\": [1,]}", false)]
    [InlineData(Json, "[]", false)]
    [InlineData("root ::= \"a\"{3}", "aaa", true)]
    [InlineData("root ::= \"a\"{3}", "aaaa", false)]
    [InlineData("root ::= (\"ab\" | \"c\"){2,3}", "abcab", true)]
    [InlineData("root ::= (\"ab\" | \"c\"){2,3}", "ab", false)]
    [InlineData("root ::= \"a\"{ 2 , } \"b\"?", "aaaaab", true)]
    [InlineData("root ::= [^\\n]+ .", "é\n", true)]
    [InlineData("root ::= [a\\]\\-z^]+", "a]-z^", true)]
    [InlineData("root ::= \"\\x41\\u00e9\\U0001F600\\t\"", "Aé😀\t", true)]
    [InlineData("root ::= a-b\na-b ::= \"x\" |\n \"y\"\r\n\r\n# end", "y", true)]
    [InlineData("root ::= (\n \"a\"\n \"b\" )", "ab", true)]
    [InlineData("root ::= \"\" | \"a\" root", "aaaa", true)]
    [InlineData("root ::= ((\"a\"*)*)* \"b\"", "aab", true)]
    public void Matches_LlamaCppGrammars(string grammar, string text, bool isMatch) =>
        Assert.Equal(isMatch, Grammars.Of(GrammarKind.Gbnf, grammar).Matches(text));

    [Theory]
    [InlineData("", GrammarErrorKind.Invalid, "offset 0")]
    [InlineData("rot ::= \"a\"", GrammarErrorKind.Invalid, "offset 11")]
    [InlineData("root = \"a\"", GrammarErrorKind.Invalid, "offset 5")]
    [InlineData("root ::= other", GrammarErrorKind.Invalid, "offset 9")]
    [InlineData("root ::= \"a", GrammarErrorKind.Invalid, "offset 9")]
    [InlineData("root ::= [a", GrammarErrorKind.Invalid, "offset 9")]
    [InlineData("root ::= (\"a\"", GrammarErrorKind.Invalid, "offset 9")]
    [InlineData("root ::= \"a\")", GrammarErrorKind.Invalid, "offset 12")]
    [InlineData("root ::= \"a\"{2,1}", GrammarErrorKind.Invalid, "offset 17")]
    [InlineData("root ::= \"\\q\"", GrammarErrorKind.Invalid, "offset 12")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", GrammarErrorKind.Invalid, "offset 13")]
    [InlineData("root ::= <think>", GrammarErrorKind.Unsupported, "offset 9")]
    [InlineData("root ::= root \"a\" | \"b\"", GrammarErrorKind.LeftRecursion, "root")]
    [InlineData("root ::= a\na ::= b \"x\" | \"y\"\nb ::= c* a", GrammarErrorKind.LeftRecursion, "a")]
    [InlineData("root ::= x\nx ::= \"a\" x", GrammarErrorKind.Unsatisfiable, "x")]
    [InlineData("root ::= \"a\"{999999999}", GrammarErrorKind.TooComplex, "offset 13")]
    [InlineData("root ::= \"a\"{200000} (\"b\" \"c\"){200000}", GrammarErrorKind.TooComplex, "root")]
    public void Compile_WhatCannotBe_IsRefusedAtItsPlace(string grammar, GrammarErrorKind kind, string place)
    {
        var error = Grammars.Refused(GrammarKind.Gbnf, grammar + (kind == GrammarErrorKind.LeftRecursion && grammar.Contains("c*", StringComparison.Ordinal) ? "\nc ::= \"c\"" : ""));

        Assert.Equal(kind, error.Kind);
        Assert.Equal(place, error.Place);
    }
}
