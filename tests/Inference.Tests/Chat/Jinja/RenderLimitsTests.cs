using System.Diagnostics;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Chat.Jinja;

namespace InferenceServer.Inference.Tests.Chat.Jinja;

public sealed class RenderLimitsTests
{
    [Theory]
    [InlineData("{{ range(10 ** 9) }}")]
    [InlineData("{{ range(100001) }}")]
    [InlineData("{{ 'a' * 10 ** 9 }}")]
    [InlineData("{{ 'a' * 10 ** 30 }}")]
    [InlineData("{{ ([0] * 10 ** 9)|length }}")]
    [InlineData("{{ 10 ** (10 ** 9) }}")]
    [InlineData("{% set ns = namespace(x=3) %}{% for i in range(100) %}{% set ns.x = ns.x * ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x.replace('a', 'aa') %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}")]
    [InlineData("{% for a in range(9999) %}{% for b in range(9999) %}{{ 'x' * 1000 }}{% endfor %}{% endfor %}")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")]
    [InlineData("{% set l = [] %}{% do l.append(l) %}{{ l }}")]
    [InlineData("{% set l = [] %}{% do l.append(l) %}{{ l|tojson }}")]
    [InlineData("{% set a = [] %}{% do a.append(a) %}{% set b = [] %}{% do b.append(b) %}{{ a == b }}")]
    [InlineData("{% set ns = namespace(x=(1, 1)) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=(1,), y=(1,)) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% set ns.y = (ns.y, ns.y) %}{% endfor %}{{ ns.x == ns.y }}")]
    [InlineData("{% set s = 'a' * 1000000 %}{% for i in range(90000) %}{{ s.count('b') }}{% endfor %}")]
    [InlineData("{% set s = 'a' * 1000000 %}{% for i in range(90000) %}{% if s == 'a' * 1000000 %}{% endif %}{% endfor %}")]
    [InlineData("{% set s = 'a' * 1000000 %}{% for i in range(90000) %}{{ {s: 1}[s] }}{% endfor %}")]
    [InlineData("{% set s = 'a' * 1000000 %}{% for i in range(90000) %}{{ s[-1] }}{% endfor %}")]
    [InlineData("{{ 'ab'|indent(10 ** 9) * 10 ** 9 }}")]
    [InlineData("{{ 'a'.center(10 ** 9) }}")]
    [InlineData("{{ [1]|tojson(indent='x' * 9000000)|length }}{{ [[[1]]]|tojson(indent='x' * 9000000) }}")]
    public void Render_RunawayTemplate_StopsAtALimit(string source)
    {
        var clock = Stopwatch.StartNew();

        var failure = Assert.Throws<TemplateException>(() => Rendering.Text(source));

        Assert.Equal(TemplateErrorKind.LimitExceeded, failure.Kind);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"It took {clock.Elapsed}.");
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("not ", "")]
    [InlineData("f(", ")")]
    [InlineData("{1:", "}")]
    [InlineData("x[", "]")]
    [InlineData("1 if 1 else ", "")]
    [InlineData("x|f(", ")")]
    [InlineData("x is f(", ")")]
    public void Parse_DeepNesting_IsASyntaxError(string open, string close)
    {
        var source = "{{ " + string.Concat(Enumerable.Repeat(open, 100_000)) + "1" + string.Concat(Enumerable.Repeat(close, 100_000)) + " }}";

        Assert.Contains("too deeply", Assert.Throws<TemplateSyntaxException>(() => JinjaTemplate.Parse(source)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% if 1 %}", "{% endif %}")]
    [InlineData("{% for x in [1] %}", "{% endfor %}")]
    [InlineData("{% set x %}", "{% endset %}")]
    public void Parse_DeepBlocks_AreASyntaxError(string open, string close)
    {
        var source = string.Concat(Enumerable.Repeat(open, 100_000)) + string.Concat(Enumerable.Repeat(close, 100_000));

        Assert.Throws<TemplateSyntaxException>(() => JinjaTemplate.Parse(source));
    }

    [Theory]
    [InlineData(" + 1")]
    [InlineData(" or 1")]
    [InlineData(" and 1")]
    [InlineData(" ** 1")]
    [InlineData(" * 1")]
    [InlineData(".x")]
    [InlineData("[0]")]
    [InlineData("()")]
    [InlineData("|string")]
    [InlineData(" if 1")]
    public void Parse_LongChain_IsASyntaxError(string link) =>
        Assert.Throws<TemplateSyntaxException>(() => JinjaTemplate.Parse("{{ 1" + string.Concat(Enumerable.Repeat(link, 100_000)) + " }}"));

    [Fact]
    public void Render_LongChainsOfAllKinds_FitTheSmallestStack()
    {
        var chain = "{{ (" + string.Concat(Enumerable.Repeat("1 + ", 400)) + "1) ~ 'x' ~ " + string.Join(" ~ ", Enumerable.Repeat("'y'", 2000)) + " }}";
        var nested = "{{ " + string.Concat(Enumerable.Repeat("(1 + ", 180)) + "1" + new string(')', 180) + " }}";
        string? text = null;
        // 512 KiB is what macOS gives threads that ask for nothing.
        var thread = new Thread(() => text = Rendering.Text(chain)[..5] + Rendering.Text(nested), 512 * 1024);
        thread.Start();
        thread.Join();

        Assert.Equal("401xy181", text);
    }

    [Fact]
    public void Render_DeepRecursionOnASmallStack_FailsCleanly()
    {
        var source = "{% macro f(n) %}" + string.Concat(Enumerable.Repeat("{% if 1 %}{% for x in [1] %}", 40)) + "{{ (((((f(n + 1)))))) }}"
            + string.Concat(Enumerable.Repeat("{% endfor %}{% endif %}", 40)) + "{% endmacro %}{{ f(0) }}";
        TemplateException? failure = null;
        var thread = new Thread(() => failure = Assert.Throws<TemplateException>(() => Rendering.Text(source)), 512 * 1024);
        thread.Start();
        thread.Join();

        Assert.Equal(TemplateErrorKind.LimitExceeded, failure?.Kind);
    }

    [Fact]
    public void Render_OwnLimits_AreKept()
    {
        const string Source = "{% for i in range(100) %}{{ i }}{% endfor %}";

        Assert.Equal(190, Rendering.Text(Source).Length);
        Assert.Throws<TemplateException>(() => Rendering.Value(Source, limits: new RenderLimits { MaxSteps = 100 }));
        Assert.Throws<TemplateException>(() => Rendering.Value(Source, limits: new RenderLimits { MaxTextLength = 100 }));
    }
}
