using System.Text.Encodings.Web;
using System.Text.Json;
using InferenceServer.Inference.Grammar;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Grammar.Json;

public sealed class JsonSchemaTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Names => [.. SchemaCase.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Matches_CaseUnderStrict_AcceptsWhatFitsAndNothingElse(string name)
    {
        var item = SchemaCase.All[name];
        var automaton = Grammars.Schema(item.Schema.GetRawText());
        foreach (var value in item.Valid)
        {
            Assert.True(automaton.Matches(value.GetRawText()), value.GetRawText());
            Assert.True(automaton.Matches(JsonSerializer.Serialize(value, Compact)), value.GetRawText());
            Assert.True(automaton.Matches(JsonSerializer.Serialize(value, Indented)), value.GetRawText());
        }

        Assert.All(item.Invalid, value => Assert.False(automaton.Matches(value.GetRawText()), value.GetRawText()));
        Assert.All(item.Invalid, value => Assert.False(automaton.Matches(JsonSerializer.Serialize(value, Compact)), value.GetRawText()));
    }

    [Fact]
    public void Cases_OfEveryEnforcedKeywordAndFormat_HaveValuesThatFitAndOthers()
    {
        string[] keywords =
        [
            "type", "properties", "required", "additionalProperties", "patternProperties", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "$defs", "items", "prefixItems", "minItems", "maxItems",
            "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        ];
        string[] formats = ["date", "time", "date-time", "uuid", "email", "ipv4", "ipv6", "hostname", "uri", "duration"];
        var schemas = SchemaCase.All.Values.Where(item => item.Valid.Length > 0 && item.Invalid.Length > 0).Select(item => item.Schema.GetRawText()).ToArray();

        Assert.All(keywords, keyword => Assert.Contains(schemas, schema => schema.Contains($"\"{keyword}\": ", StringComparison.Ordinal)));
        Assert.All(formats, format => Assert.Contains(schemas, schema => schema.Contains($"\"format\": \"{format}\"", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("""{"not":{"type":"string"}}""", "#/not")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}}""", "#/properties/a/uniqueItems")]
    [InlineData("""{"type":"array","contains":{}}""", "#/contains")]
    [InlineData("""{"type":"object","minProperties":1}""", "#/minProperties")]
    [InlineData("""{"type":"object","maxProperties":1}""", "#/maxProperties")]
    [InlineData("""{"type":"object","propertyNames":{"maxLength":3}}""", "#/propertyNames")]
    [InlineData("""{"if":{},"then":{}}""", "#/if")]
    [InlineData("""{"type":"object","dependentRequired":{}}""", "#/dependentRequired")]
    [InlineData("""{"type":"object","unevaluatedProperties":false}""", "#/unevaluatedProperties")]
    [InlineData("""{"type":"number","multipleOf":0.1}""", "#/multipleOf")]
    [InlineData("""{"type":"string","format":"idn-email"}""", "#/format")]
    [InlineData("""{"type":"string","pattern":"^(?=a)"}""", "#/pattern, offset 3")]
    [InlineData("""{"type":"string","minlength":3}""", "#/minlength")]
    [InlineData("""{"oneOf":[{"type":"string"},{"type":"string","minLength":2}]}""", "#/oneOf")]
    [InlineData("""{"oneOf":[{"type":"number"},{"type":"integer"}]}""", "#/oneOf")]
    public void Compile_CannotBeEnforced_IsErrorUnderStrictElseWarning(string schema, string place)
    {
        var error = Grammars.Refused(GrammarKind.JsonSchema, schema, isStrict: true);
        Assert.Equal(GrammarErrorKind.Unsupported, error.Kind);
        Assert.Equal(place, error.Place);

        var result = Grammars.Compile(GrammarKind.JsonSchema, schema);
        Assert.NotNull(result.Automaton);
        Assert.Contains(result.Warnings, warning => warning.StartsWith(place + ": ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", GrammarErrorKind.Invalid, "line 1, byte 0")]
    [InlineData("{\"type\":", GrammarErrorKind.Invalid, "line 1, byte 8")]
    [InlineData("3", GrammarErrorKind.Invalid, "#")]
    [InlineData("""{"type":"text"}""", GrammarErrorKind.Invalid, "#/type")]
    [InlineData("""{"type":[]}""", GrammarErrorKind.Invalid, "#/type")]
    [InlineData("""{"properties":{"a/b":{"minLength":-1}}}""", GrammarErrorKind.Invalid, "#/properties/a~1b/minLength")]
    [InlineData("""{"properties":[]}""", GrammarErrorKind.Invalid, "#/properties")]
    [InlineData("""{"items":{"enum":[]}}""", GrammarErrorKind.Invalid, "#/items/enum")]
    [InlineData("""{"anyOf":[]}""", GrammarErrorKind.Invalid, "#/anyOf")]
    [InlineData("""{"anyOf":[{},{"type":3}]}""", GrammarErrorKind.Invalid, "#/anyOf/1/type")]
    [InlineData("""{"required":"a"}""", GrammarErrorKind.Invalid, "#/required")]
    [InlineData("""{"minimum":"1"}""", GrammarErrorKind.Invalid, "#/minimum")]
    [InlineData("""{"minimum":1e999}""", GrammarErrorKind.Invalid, "#/minimum")]
    [InlineData("""{"multipleOf":0}""", GrammarErrorKind.Invalid, "#/multipleOf")]
    [InlineData("""{"pattern":"("}""", GrammarErrorKind.Invalid, "#/pattern, offset 0")]
    [InlineData("""{"$ref":"#/$defs/x"}""", GrammarErrorKind.Invalid, "#/$ref")]
    [InlineData("""{"$ref":"https://example.com/x"}""", GrammarErrorKind.Unsupported, "#/$ref")]
    [InlineData("""{"$ref":"#"}""", GrammarErrorKind.LeftRecursion, "#")]
    [InlineData("""{"anyOf":[{"$ref":"#"},{"type":"null"}]}""", GrammarErrorKind.LeftRecursion, "#")]
    [InlineData("""{"allOf":[{"type":"null"},{"$ref":"#"}]}""", GrammarErrorKind.LeftRecursion, "#")]
    [InlineData("false", GrammarErrorKind.Unsatisfiable, "#")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"integer"}]}""", GrammarErrorKind.Unsatisfiable, "#")]
    [InlineData("""{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]}""", GrammarErrorKind.Unsatisfiable, "#")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","minimum":3,"maximum":2}},"required":["a"]}""", GrammarErrorKind.Unsatisfiable, "#/properties/a")]
    [InlineData("""{"type":"object","required":["a"],"additionalProperties":false}""", GrammarErrorKind.Unsatisfiable, "#/additionalProperties")]
    [InlineData("""{"type":"string","minLength":400000}""", GrammarErrorKind.TooComplex, "#")]
    [InlineData("""{"type":"integer","multipleOf":1000003}""", GrammarErrorKind.TooComplex, "#")]
    [InlineData("""{"const":"\ud800"}""", GrammarErrorKind.Invalid, "#")]
    public void Compile_WhatCannotBe_IsRefusedAtItsPlace(string schema, GrammarErrorKind kind, string place)
    {
        var error = Grammars.Refused(GrammarKind.JsonSchema, schema);

        Assert.Equal(kind, error.Kind);
        Assert.StartsWith(place, error.Place, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_AlternativesMultipliedOut_AreBounded()
    {
        var groups = string.Join(',', Enumerable.Range(0, 30).Select(i => $$"""{"anyOf":[{"required":["a{{i}}"]},{"required":["b{{i}}"]}]}"""));

        Assert.Equal(GrammarErrorKind.TooComplex, Grammars.Refused(GrammarKind.JsonSchema, $$"""{"type":"object","allOf":[{{groups}}]}""").Kind);
    }

    [Fact]
    public void Compile_DeepSchema_IsRefusedNotACrash()
    {
        var schema = string.Concat(Enumerable.Repeat("{\"items\":", 5_000)) + "{}" + new string('}', 5_000);

        Assert.NotNull(Grammars.Refused(GrammarKind.JsonSchema, schema));
    }

    [Theory]
    [InlineData("""{"a":1,"b":2}""", false)]
    [InlineData("""{"a":1}""", true)]
    public void Compile_ClosedObjects_HaveOnlyWhatIsDeclared(string value, bool isMatch)
    {
        var source = new GrammarSource { Kind = GrammarKind.JsonSchema, Text = """{"type":"object","properties":{"a":{"type":"integer"}}}""", ClosesObjects = true };

        Assert.Equal(isMatch, GrammarCompiler.Compile(source).Automaton!.Matches(value));
        Assert.True(GrammarCompiler.Compile(source with { ClosesObjects = false }).Automaton!.Matches(value));
    }

    [Fact]
    public void Compile_FreeObjectsWhenClosing_StayFree()
    {
        var source = new GrammarSource { Kind = GrammarKind.JsonSchema, Text = """{"type":"object"}""", ClosesObjects = true };

        Assert.True(GrammarCompiler.Compile(source).Automaton!.Matches("""{"a":1}"""));
    }

    [Theory]
    [InlineData("{\"a\":1}", true)]
    [InlineData("{ \"a\": [ 1, 2 ] }", true)]
    [InlineData("{\n\n  \"a\": {}\n}", true)]
    [InlineData("{}", true)]
    [InlineData("{   \"a\":1}", false)] // more than one space
    [InlineData("{\"a\":1} ", false)]
    [InlineData("[]", false)]
    [InlineData("{\"a\":01}", false)]
    [InlineData("{\"a\":1.}", false)]
    [InlineData("{\"a\":\"\n\"}", false)]
    [InlineData("{\"a\":\"\\ud800\"}", false)] // half a surrogate pair
    [InlineData("{\"a\":\"\\ud83d\\uDE00\\u0041\\/\"}", true)]
    public void AnyObject_IsJsonWithBoundedBlanks(string text, bool isMatch) =>
        Assert.Equal(isMatch, Grammars.Of(GrammarKind.JsonObject, "").Matches(text));

    [Fact]
    public void Compile_FiveThousandOptionalProperties_AcceptsEachOfThem()
    {
        var properties = string.Join(',', Enumerable.Range(0, 5_000).Select(i => $$"""  "p{{i}}":{"type":["string","null"]}"""));
        var result = Grammars.Compile(GrammarKind.JsonSchema, $$"""{"type":"object","properties":{ {{properties}} },"additionalProperties":false}""", isStrict: true);

        Assert.Null(result.Error);
        Assert.All([0, 1, 17, 2_500, 4_998, 4_999], i => Assert.True(result.Automaton!.Matches($$"""{"p{{i}}":null}""")));
        Assert.True(result.Automaton!.Matches("""{"p0":"a","p17":null,"p4999":"b"}"""));
        Assert.False(result.Automaton!.Matches("""{"p17":"a","p0":null}"""));
    }
}
