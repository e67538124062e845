namespace InferenceServer.Inference.Tests.Chat.Jinja;

/// <summary>jinja2's filters, tests, attributes and undefined values.</summary>
public sealed class FilterTests
{
    private const string People = """{"p": [{"n": "b", "a": 2}, {"n": "A", "a": 1}, {"n": "c", "a": 2}], "x": {"b": 1, "A": 2}}""";

    [Theory]
    [InlineData("{{ y|default('d') }}{{ ''|default('d') }}{{ ''|default('d', true) }}{{ none|d('d') }}{{ none|d('d', boolean=true) }}", "ddNoned")]
    [InlineData("{{ p|map(attribute='n')|join(', ') }}", "b, A, c")]
    [InlineData("{{ p|map(attribute='z', default='-')|join }}", "---")]
    [InlineData("{{ ['a', 'b']|map('upper')|list }}", "['A', 'B']")]
    [InlineData("{{ [[1, 2], [3]]|map('join', '-')|join(' ') }}", "1-2 3")]
    [InlineData("{{ p|selectattr('a', 'equalto', 2)|map(attribute='n')|list }}", "['b', 'c']")]
    [InlineData("{{ p|rejectattr('a', '==', 2)|list|length }}{{ p|selectattr('z', 'defined')|list }}", "1[]")]
    [InlineData("{{ [0, 1, '', 'a']|select|list }}{{ [1, 2, 3]|reject('odd')|list }}{{ [1, 2, 3]|select('>', 1)|list }}", "[1, 'a'][2][2, 3]")]
    [InlineData("{{ none|selectattr('a')|list }}", "[]")]
    [InlineData("{{ x|dictsort }}{{ x|dictsort(true) }}{{ x|dictsort(by='value', reverse=true) }}", "[('A', 2), ('b', 1)][('A', 2), ('b', 1)][('A', 2), ('b', 1)]")]
    [InlineData("{{ x|items|list }}{{ y|items|list }}", "[('b', 1), ('A', 2)][]")]
    [InlineData("{{ p|sort(attribute='n')|map(attribute='n')|join }}{{ p|sort(attribute='a,n')|map(attribute='n')|join }}", "AbcAbc")]
    [InlineData("{{ ['b', 'A', 'c']|sort }}{{ ['b', 'A']|sort(case_sensitive=true) }}{{ [1, 3, 2]|sort(reverse=true) }}", "['A', 'b', 'c']['A', 'b'][3, 2, 1]")]
    [InlineData("{{ ['a', 'A', 'b']|unique|list }}{{ [1, 1.0, true]|unique|list }}", "['a', 'b'][1]")]
    [InlineData("{{ [3, 1, 2]|min }}{{ ['b', 'C']|max }}{{ p|min(attribute='a') }}{{ []|min }}", "1C{'n': 'A', 'a': 1}")]
    [InlineData("{{ [1, 2.5]|sum }}{{ p|sum(attribute='a', start=10) }}", "3.515")]
    [InlineData("{% for k, g in p|groupby('a') %}{{ k }}={{ g|map(attribute='n')|join }} {% endfor %}", "1=A 2=bc ")]
    [InlineData("{{ [1, 2, 3]|batch(2, 0)|list }}{{ [1, 2, 3]|slice(2)|list }}", "[[1, 2], [3, 0]][[1, 2], [3]]")]
    [InlineData("{{ [1, 2]|first }}{{ [1, 2]|last }}{{ 'ab'|first }}{{ []|first is defined }}", "12aFalse")]
    [InlineData("{{ [1, 2]|reverse|list }}{{ 'abc'|reverse }}", "[2, 1]cba")]
    [InlineData("{{ 'abc'|list }}{{ x|list }}{{ 'a😀'|length }}{{ x|count }}{{ y|length }}", "['a', 'b', 'c']['b', 'A']220")]
    [InlineData("{{ ' a '|trim }}|{{ '--a-'|trim('-') }}|{{ 5|trim }}", "a|a|5")]
    [InlineData("{{ 'hello wORLD-foo (bar)'|title }}{{ 'aB'|capitalize }}{{ 'aB'|upper }}{{ 'aB'|lower }}", "Hello World-Foo (Bar)AbABab")]
    [InlineData("{{ 'a\nb\n\nc'|indent(2) }}|{{ 'a\nb'|indent(1, true) }}|{{ 'a\n\nb'|indent('>', blank=true) }}", "a\n  b\n\n  c| a\n b|a\n>\n>b")]
    [InlineData("{{ 'a\n'|indent(2) }}|", "a\n|")]
    [InlineData("{{ 'aaa'|replace('a', 'b', 2) }}{{ 5|replace('5', 6) }}", "bba6")]
    [InlineData("{{ '<&\"\\''|e }}{{ ('<'|safe) + '<' }}{{ '<' + ('<'|safe) }}{{ ('<'|safe) ~ '<' }}", "&lt;&amp;&#34;&#39;<&lt;&lt;<<<")]
    [InlineData("{{ '3'|int + 1 }}{{ '3.9'|int }}{{ 'x'|int }}{{ 'x'|int(7) }}{{ 2.9|int }}{{ 'ff'|int(base=16) }}{{ -2.5|int }}", "43072255-2")]
    [InlineData("{{ '3.5'|float }}{{ 'x'|float }}{{ 2|float }}", "3.50.02.0")]
    [InlineData("{{ 42.55|round }} {{ 42.55|round(1) }} {{ 2.5|round }} {{ 1234|round(-2) }} {{ 42.55|round(1, 'floor') }} {{ 42.51|round(1, 'ceil') }} {{ 7|round }} {{ -3|abs }}", "43.0 42.5 2.0 1200.0 42.5 42.6 7.0 3")]
    [InlineData("{{ '%s-%s'|format('a', 1) }}{{ '%(k)s'|format(k=2) }}", "a-12")]
    [InlineData("{{ 'foo bar baz qux'|truncate(9) }}|{{ 'foo bar baz qux'|truncate(9, true) }}|{{ 'foo bar'|truncate(5) }}", "foo...|foo ba...|foo bar")]
    [InlineData("{{ 'a b  c'|wordcount }}{{ 'ab'|center(4) }}|", "3 ab |")]
    [InlineData("{{ none|string }}{{ 1.0|string }}{{ [1]|string }}{{ y|string }}", "None1.0[1]")]
    [InlineData("{{ '{\"a\": [1]}'|from_json }}", "{'a': [1]}")]
    [InlineData("{{ [1, 'b']|join('-') }}{{ p|join(',', attribute='a') }}{{ 'abc'|join('.') }}", "1-b2,1,2a.b.c")]
    public void Render_Filter_GivesJinjasText(string source, string expected) =>
        Assert.Equal(expected, Rendering.Text(source, People));

    [Theory]
    [InlineData("{{ {'b': [1, 2.0, none, true], 'a': 'é<\"'}|tojson }}", """{"b": [1, 2.0, null, true], "a": "é<\""}""")]
    [InlineData("{{ {'b': 1, 'a': 'é'}|tojson(ensure_ascii=true, sort_keys=true) }}", """{"a": "\u00e9", "b": 1}""")]
    [InlineData("{{ {'a': [1, {}], 'b': []}|tojson(indent=2) }}", "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}")]
    [InlineData("{{ [1, {'a': 2}]|tojson(separators=(',', ':')) }}", """[1,{"a":2}]""")]
    [InlineData("{{ {1: 'a', none: 'b', true: 'c', 1.5: 'd'}|tojson }}", """{"1": "c", "null": "b", "1.5": "d"}""")]
    [InlineData("{{ '\\x00\\x1f\\x7f\\n\\t\\b\\f\\r/'|tojson }}", "\"\\u0000\\u001f\u007f\\n\\t\\b\\f\\r/\"")]
    [InlineData("{{ '😀'|tojson(ensure_ascii=true) }}{{ (1, 2)|tojson }}{{ 1e16|tojson }}", "\"\\ud83d\\ude00\"[1, 2]1e+16")]
    public void Render_ToJson_EqualsPythonsDumps(string source, string expected) => Assert.Equal(expected, Rendering.Text(source));

    [Fact]
    public void Render_ToJsonOfAGenerator_IsItsList() => Assert.Equal("[\"A\"]", Rendering.Text("{{ ['a']|map('upper')|tojson }}"));

    [Fact]
    public void Render_NumbersOfTheRequest_StayAsWritten()
    {
        const string Numbers = """{"n": [1, 1.0, 1.50, 1e5, 12345678901234567890123, -0.0, 0.1000]}""";

        Assert.Equal("[1, 1.0, 1.50, 1e5, 12345678901234567890123, -0.0, 0.1000]", Rendering.Text("{{ n|tojson }}", Numbers));
        Assert.Equal("12345678901234567890124 2.5", Rendering.Text("{{ n[4] + 1 }} {{ n[2] + 1 }}", Numbers));
    }

    [Theory]
    [InlineData("defined", "'a'", true)]
    [InlineData("undefined", "nope", true)]
    [InlineData("none", "none", true)]
    [InlineData("none", "0", false)]
    [InlineData("string", "'a'", true)]
    [InlineData("string", "1", false)]
    [InlineData("number", "1.5", true)]
    [InlineData("number", "true", true)]
    [InlineData("integer", "true", false)]
    [InlineData("integer", "1", true)]
    [InlineData("float", "1.0", true)]
    [InlineData("boolean", "false", true)]
    [InlineData("true", "true", true)]
    [InlineData("true", "1", false)]
    [InlineData("false", "false", true)]
    [InlineData("mapping", "{}", true)]
    [InlineData("mapping", "[]", false)]
    [InlineData("mapping", "namespace()", false)]
    [InlineData("sequence", "{}", true)]
    [InlineData("sequence", "'a'", true)]
    [InlineData("sequence", "1", false)]
    [InlineData("sequence", "[1]|select", false)]
    [InlineData("sequence", "nope", true)]
    [InlineData("iterable", "'a'", true)]
    [InlineData("iterable", "nope", true)]
    [InlineData("iterable", "1", false)]
    [InlineData("iterable", "[1]|map('string')", true)]
    [InlineData("callable", "range", true)]
    [InlineData("odd", "3", true)]
    [InlineData("even", "3", false)]
    [InlineData("divisibleby 3", "9", true)]
    [InlineData("divisibleby(4)", "9", false)]
    [InlineData("in [1, 2]", "2", true)]
    [InlineData("eq 2", "2.0", true)]
    [InlineData("sameas none", "none", true)]
    [InlineData("lower", "'ab'", true)]
    [InlineData("upper", "'aB'", false)]
    [InlineData("lt 3", "2", true)]
    [InlineData("ge(3)", "3", true)]
    [InlineData("filter", "'upper'", true)]
    public void Render_Test_HoldsAsInJinja(string test, string operand, bool holds)
    {
        Assert.Equal(holds.ToString(), Rendering.Text("{{ (" + operand + ") is " + test + " }}"));
        Assert.Equal((!holds).ToString(), Rendering.Text("{{ (" + operand + ") is not " + test + " }}"));
    }

    [Theory]
    [InlineData("{{ x }}|{{ x is defined }}|{{ x|length }}|{{ x == y }}|{{ 'a' in x }}|{{ not x }}|{{ x ~ 'a' }}", "|False|0|True|False|True|a")]
    [InlineData("{{ d.items is defined }}{{ d['items'] }}{{ d.keys()|list }}{{ d.k }}{{ d.nope is defined }}", "True1['items', 'k']2False")]
    [InlineData("{{ [1][5] is defined }}{{ 'abc'[5] is defined }}{{ 'abc'[-9] is defined }}{{ [1, 2][-1] }}", "FalseFalseFalse2")]
    [InlineData("{{ 'a' if false }}|{{ ('a' if false) is defined }}", "|False")]
    [InlineData("{{ true }}{{ none }}{{ True }}{{ None }}{{ false }}", "TrueNoneTrueNoneFalse")]
    [InlineData("{{ 'a' ~ 1 + 2|string ~ none }}", "a12None")]
    [InlineData("{{ 1 ~ 2 * 3 }}{{ -1|abs }}{{ -2 ** 2 }}{{ 2 ** 3 ** 2 }}{{ not 1 in [2] }}", "161464True")]
    [InlineData("{{ range(3) }}{{ range(1, 4)|list }}{{ range(5, 0, -2)|list }}{{ range(0)|length }}", "[0, 1, 2][1, 2, 3][5, 3, 1]0")]
    [InlineData("{{ dict(a=1, b=2) }}{{ dict([('k', 'v')]) }}{{ {'a': 1}.update({'b': 2}) }}", "{'a': 1, 'b': 2}{'k': 'v'}None")]
    [InlineData("{{ strftime_now('%Y-%m-%d %d %b %Y, %B %-d %A %H:%M:%S %j %y %p %%') }}", "2026-01-15 15 Jan 2026, January 15 Thursday 12:00:00 015 26 PM %")]
    [InlineData("{{ 1 == 1 and 2 == 2 or nope.x }}", "True")]
    [InlineData("{{ [] is sequence and [] is not mapping }}{{ {'a': none}['a'] is none }}", "TrueTrue")]
    public void Render_Expression_GivesJinjasText(string source, string expected) =>
        Assert.Equal(expected, Rendering.Text(source, """{"d": {"items": 1, "k": 2}}"""));
}
