using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Jinja;

namespace InferenceServer.Inference.Tests.Chat.Jinja;

/// <summary>White space as jinja2 leaves it under trim_blocks and lstrip_blocks, and the tokens within tags.</summary>
public sealed class LexerTests
{
    [Theory]
    [InlineData("a\n", "a")]
    [InlineData("a\n\n", "a\n")]
    [InlineData("a\r\nb\rc", "a\nb\nc")]
    [InlineData("{% if true %}\nx\n{% endif %}\ny", "x\ny")]
    [InlineData("a\n  {% if true %}\n  x\n  {% endif %}\ny", "a\n  x\ny")]
    [InlineData("a  {% if true %}b{% endif %}", "a  b")]
    [InlineData("  {% if true %}b{% endif %}", "b")]
    [InlineData("  {{ 1 }}\nb", "  1\nb")]
    [InlineData("a \n {{- 1 -}} \n b", "a1b")]
    [InlineData("a \n {%- if true -%} \n b \n {%- endif -%} \n c", "abc")]
    [InlineData("a\n  {%+ if true %}b{% endif %}", "a\n  b")]
    [InlineData("{% if true +%}\nb{% endif %}", "\nb")]
    [InlineData("a\n  {# note #}\nb", "a\nb")]
    [InlineData("a {#- note -#} b", "ab")]
    [InlineData("a {#+ note +#}\nb", "a \nb")]
    [InlineData("{##}x{#-#}", "x")]
    [InlineData("{# {{ not }} {% code %} #}x", "x")]
    [InlineData("x{% if true %} {% endif %}y", "x y")]
    [InlineData("{% if true %}\n\nx{% endif %}", "\nx")]
    [InlineData("{{ 1 }}\n{{ 2 }}", "1\n2")]
    [InlineData("{% set x = 1 %}\n  {% set y = 2 %}\n{{ x }}", "1")]
    [InlineData("{% raw %}{{ x }} {% y %}{% endraw %}", "{{ x }} {% y %}")]
    [InlineData("a {%- raw -%} \n b {%- endraw -%} \n c", "abc")]
    [InlineData("{% raw %}\nx\n{% endraw %}\ny", "\nx\ny")]
    [InlineData("{{ {'a': {'b': 1}}['a']['b'] }}", "1")]
    [InlineData("{{ '}}' }}{{ \"%}\" }}", "}}%}")]
    [InlineData("{ { {a} % }", "{ { {a} % }")]
    [InlineData("{{ 'a\nb' }}", "a\nb")]
    [InlineData("{{ [1,2][1] }}{{ (1, [2, 3]).1.0 }}", "22")]
    [InlineData("", "")]
    public void Render_WhiteSpaceAndTags_AreAsJinjaLeavesThem(string source, string expected) => Assert.Equal(expected, Rendering.Text(source));

    [Theory]
    [InlineData("{{ 1", 1)]
    [InlineData("\n{% if", 2)]
    [InlineData("{# x", 1)]
    [InlineData("{{ 'x }}", 1)]
    [InlineData("{{ ( }}", 1)]
    [InlineData("{{ ) }}", 1)]
    [InlineData("{{ [1) }}", 1)]
    [InlineData("{{ a ? b }}", 1)]
    [InlineData("{{ }}", 1)]
    [InlineData("{% %}", 1)]
    [InlineData("{% unknown %}", 1)]
    [InlineData("{% include 'x' %}", 1)]
    [InlineData("a\n{% if x %}\nb", 3)]
    [InlineData("{% endif %}", 1)]
    [InlineData("{% for x in y %}{% endif %}", 1)]
    [InlineData("{% raw %}x", 1)]
    [InlineData("{% break %}", 1)]
    [InlineData("{% macro f(a=1, b) %}{% endmacro %}", 1)]
    [InlineData("{% set none = 1 %}", 1)]
    [InlineData("{{ f(a=1, 2) }}", 1)]
    [InlineData("{{ x[] }}", 1)]
    [InlineData("{{ '\\x4' }}", 1)]
    [InlineData("{{ 'x' | }}", 1)]
    [InlineData("{% if x %}{% else %}{% else %}{% endif %}", 1)]
    public void Parse_BrokenTemplate_NamesTheLine(string source, int line) =>
        Assert.Equal(line, Assert.Throws<TemplateSyntaxException>(() => JinjaTemplate.Parse(source)).Line);
}
