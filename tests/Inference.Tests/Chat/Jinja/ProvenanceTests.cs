using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Chat.Jinja;

namespace InferenceServer.Inference.Tests.Chat.Jinja;

/// <summary>Who wrote which character of the output. Request text is shown in round brackets.</summary>
public sealed class ProvenanceTests
{
    private const string Request = """{"u": "<|im_end|>", "s": "  a<|im_end|>b  ", "n": 7, "list": ["<a>", "<b>"], "d": {"<k>": "<v>"}, "name": "u"}""";

    [Theory]
    [InlineData("x{{ u }}y", "x(<|im_end|>)y")]
    [InlineData("{{ 'x' ~ u ~ 'y' }}", "x(<|im_end|>)y")]
    [InlineData("{{ '<|im_' + u + 'end|>' }}", "<|im_(<|im_end|>)end|>")]
    [InlineData("{{ u|upper }}{{ u|lower }}{{ u|title }}{{ u|capitalize }}", "(<|IM_END|><|im_end|><|im_end|><|im_end|>)")]
    [InlineData("{{ ('A' + u)|upper }}", "A(<|IM_END|>)")]
    [InlineData("{{ ('ß' + u)|upper }}", "SS(<|IM_END|>)")]
    [InlineData("{{ ('  A' + s)|trim }}", "A(  a<|im_end|>b)")]
    [InlineData("{{ s.strip() }}|{{ s.lstrip() }}|{{ s.rstrip() }}", "(a<|im_end|>b)|(a<|im_end|>b  )|(  a<|im_end|>b)")]
    [InlineData("{{ u[:5] }}{{ u[2:] }}{{ u[0] }}{{ u[::-1] }}", "(<|im_im_end|><>|dne_mi|<)")]
    [InlineData("{{ ('ab' + u)[1:4] }}", "b(<|)")]
    [InlineData("{{ ('ab' + u)[::-1] }}", "(>|dne_mi|<)ba")]
    [InlineData("{{ u.replace('im', 'X') }}", "(<|)X(_end|>)")]
    [InlineData("{{ '[u][u]'.replace('u', u) }}", "[(<|im_end|>)][(<|im_end|>)]")]
    [InlineData("{{ u|replace('_', '') }}", "(<|imend|>)")]
    [InlineData("{{ u.split('_')|join('+') }}", "(<|im)+(end|>)")]
    [InlineData("{{ u.split('_') }}", "(['<|im', 'end|>'])")]
    [InlineData("{{ list|join('-') }}{{ '-'.join(list) }}", "(<a>)-(<b><a>)-(<b>)")]
    [InlineData("{{ u|tojson }}{{ d|tojson }}{{ [u, 'x']|tojson }}", "(\"<|im_end|>\"{\"<k>\": \"<v>\"}[\"<|im_end|>\", \"x\"])")]
    [InlineData("{{ 'x'|tojson }}{{ {'a': 1}|tojson }}", "\"x\"{\"a\": 1}")]
    [InlineData("{{ '%s!' % u }}{{ '{}!'.format(u) }}{{ '%s!'|format(u) }}{{ '{0:>12}'.format(u) }}", "(<|im_end|>)!(<|im_end|>)!(<|im_end|>)!(  <|im_end|>)")]
    [InlineData("{{ u % () }}{{ u.format('x') }}", "(<|im_end|><|im_end|>)")]
    [InlineData("{{ u|e }}{{ ('<'|safe) + u }}", "(&lt;|im_end|&gt;)<(&lt;|im_end|&gt;)")]
    [InlineData("{{ ('a\n' + u)|indent(2) }}", "a(\n  <|im_end|>)")]
    [InlineData("{{ u|default('x') }}{{ nope|default(u) }}{{ u|string }}{{ u|safe }}", "(<|im_end|><|im_end|><|im_end|><|im_end|>)")]
    [InlineData("{{ u * 2 }}{{ u|truncate(7, true, '..', 0) }}", "(<|im_end|><|im_end|><|im_)..")]
    [InlineData("{% set x = u %}{{ x }}{% set y %}a{{ u }}{% endset %}{{ y }}", "(<|im_end|>)a(<|im_end|>)")]
    [InlineData("{% macro f(x) %}[{{ x }}]{% endmacro %}{{ f(u) }}{{ f('v') }}", "[(<|im_end|>)][v]")]
    [InlineData("{% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}{{ u }}{% endcall %}", "[(<|im_end|>)]")]
    [InlineData("{% filter upper %}a{{ u }}{% endfilter %}", "A(<|IM_END|>)")]
    [InlineData("{% for c in u %}{{ c }}{% endfor %}{% for k, v in d.items() %}{{ k }}={{ v }}{% endfor %}", "(<|im_end|><k>)=(<v>)")]
    [InlineData("{% for x in list %}{{ loop.index }}{{ x }}{% endfor %}", "1(<a>)2(<b>)")]
    [InlineData("{{ list|first }}{{ list|map('upper')|last }}{{ list|sort|join }}{{ list|reverse|list|join }}", "(<a><B><a><b><b><a>)")]
    [InlineData("{{ n }}{{ n + 1 }}{{ 1 + 1 }}{{ range(2)|join }}{{ n|string }}{{ '7'|int }}", "(78)201(7)7")]
    [InlineData("{% set ns = namespace(x='') %}{% for x in list %}{% set ns.x = ns.x + x + ',' %}{% endfor %}{{ ns.x }}", "(<a>),(<b>),")]
    [InlineData("{{ {'a': u}['a'] }}{{ {'u': 'x'}[name] }}{{ [u, 'y'][1] }}", "(<|im_end|>)xy")]
    [InlineData("{{ u if u else 'x' }}{{ u and 'x' }}{{ u or 'x' }}", "(<|im_end|>)x(<|im_end|>)")]
    [InlineData("{{ u.partition('_')[1] }}{{ u.splitlines()[0] }}{{ u.zfill(12) }}{{ u.center(12, '*') }}", "(_<|im_end|>00<|im_end|>*<|im_end|>*)")]
    [InlineData("{{ '{\"a\": \"<x>\"}'|from_json }}", "({'a': '<x>'})")]
    [InlineData("{{ strftime_now('%Y') }}", "2026")]
    public void Render_RequestText_StaysTheRequests(string source, string expected) => Assert.Equal(expected, Show(Rendering.Value(source, Request)));

    [Fact]
    public void Runs_OfSlicesAndConcatenations_EqualTheModelByCharacter()
    {
        // The model keeps an author per character: upper case is the template's, lower case the request's.
        var piece = Gen.Elements("AB", "cd", "E", "f", "", "GHij", "klMNop").ArrayOf().Resize(6);
        Prop.ForAll(piece.ToArbitrary(), ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<int>(), (pieces, a, b) =>
        {
            var builder = new TextBuilder(new RenderBudget(RenderLimits.Default));
            foreach (var character in string.Concat(pieces))
            {
                builder.Append([character], char.IsUpper(character));
            }

            var text = builder.ToText();
            var start = Math.Abs(a % (text.Text.Length + 1));
            var length = Math.Abs(b % (text.Text.Length - start + 1));
            var slice = text.Slice(start, length);
            var doubled = new TextBuilder(new RenderBudget(RenderLimits.Default)).Append(slice).Append(text).ToText();
            return slice.Text == text.Text.Substring(start, length) && AuthorsMatch(text) && AuthorsMatch(slice) && AuthorsMatch(doubled);
        }).QuickCheckThrowOnFailure();
    }

    private static bool AuthorsMatch(TextValue text) =>
        string.Concat(text.ToPrompt().Segments.Select(segment => segment.Text)) == text.Text
        && text.ToPrompt().Segments.All(segment => segment.Text.Length > 0 && segment.Text.All(character => char.IsUpper(character) == segment.FromTemplate))
        && text.ToPrompt().Segments.Zip(text.ToPrompt().Segments.Skip(1)).All(pair => pair.First.FromTemplate != pair.Second.FromTemplate);

    private static string Show(TextValue text) =>
        string.Concat(text.ToPrompt().Segments.Select(segment => segment.FromTemplate ? segment.Text : $"({segment.Text})"));
}
