using FlexGen.Tokenizers.Chat;

namespace FlexGen.Tokenizers.Tests.Chat;

public class TemplateBoundsTests
{
    [Theory]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "elements")]
    [InlineData("{{ 'x' * 1000000000 }}", "characters")]
    [InlineData("{{ [1] * 1000000000 }}", "elements")]
    [InlineData("{{ ('x' * 1000000).replace('x', 'y' * 1000000) }}", "characters")]
    [InlineData("{{ (('x' * 1000000) | list) | join('y' * 1000000) }}", "characters")]
    [InlineData("{% for i in range(100000) %}{{ 'x' * 100000 }}{% endfor %}", "characters")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "deep")]
    [InlineData("{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}", "deep")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(50000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}", "deep")]
    [InlineData("{% set ns = namespace(a=[], b=[]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}", "steps")]
    [InlineData("{% set ns = namespace(a=[]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a | tojson }}", "")]
    [InlineData("{{ 9 ** 99999 }}", "bits")]
    [InlineData("{{ '' | indent(2000000000) }}{{ ''.join(range(100000) | list) }}", "str")]
    [InlineData("{{ [1, 'x'] | sort }}{{ {1: 2, 'x': 3} | tojson(sort_keys=true) }}", "order")]
    [InlineData("{{ {1: 2, 'x': 3} | tojson(sort_keys=true) }}", "order")]
    public void A_template_that_takes_too_much_is_refused(string template, string what)
    {
        var read = ChatTemplate.Parse("t", template, new Dictionary<string, string>());
        Assert.Contains(what, Assert.Throws<ChatTemplateException>(() => read.Render([], new ChatSettings())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_stands_in_itself_too_deep_is_refused()
    {
        string[] templates =
        [
            "{{ " + new string('(', 5000) + "1" + new string(')', 5000) + " }}",
            "{{ " + new string('-', 5000) + "1 }}",
            "{{ " + new string('[', 5000) + new string(']', 5000) + " }}",
            string.Concat(Enumerable.Repeat("{% if 1 %}", 5000)) + string.Concat(Enumerable.Repeat("{% endif %}", 5000)),
            "{% set " + new string('(', 5000) + "a" + new string(')', 5000) + " = 1 %}",
            new string('x', ChatTemplate.LongestTemplate + 1),
        ];
        Assert.All(templates, template => Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("t", template, new Dictionary<string, string>())));
    }

    [Fact]
    public void A_long_chain_of_operators_is_computed_or_refused()
    {
        var read = ChatTemplate.Parse("t", "{{ 1" + string.Concat(Enumerable.Repeat("+1", 100_000)) + " }}", new Dictionary<string, string>());
        Assert.Contains("deep", Assert.Throws<ChatTemplateException>(() => read.Render([], new ChatSettings())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n\n{{ 'x' | nothing }}", "t line 3: found the filter nothing; supported are abs,")]
    [InlineData("\n{% if x is nothing %}{% endif %}", "t line 2: found the test nothing; supported are")]
    [InlineData("{% if false %}\n{{ x.nothing() }}{% endif %}", "t line 2: found the method nothing(); supported are")]
    [InlineData("\n\n\n{% import 'os' as os %}", "t line 4: found the block 'import'; supported are for, if,")]
    [InlineData("{{ lipsum() }}", "t line 1: found the function lipsum; supported are range,")]
    [InlineData("{{ f(*args) }}", "t line 1: found '*'; expected an argument")]
    [InlineData("\n{{ ('<' | safe) + 'x' }}", "t line 2: found the filter safe beside +")]
    [InlineData("{% if true %}\n\n{{ x", "t line 3: a tag is not closed by '}}'.")]
    public void What_is_not_supported_is_refused_by_its_line_when_it_is_read(string template, string message)
    {
        var error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("t", template, new Dictionary<string, string>()));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_template_refuses_is_said_with_its_line()
    {
        var read = ChatTemplate.Parse("t", "a\n{% for m in messages %}\n  {{ raise_exception('Roles must ' ~ 'alternate') }}\n{% endfor %}", new Dictionary<string, string>());
        var error = Assert.Throws<ChatTemplateException>(() => read.Render([1, 2], new ChatSettings()));
        Assert.Equal("t line 3: the template refuses the conversation: Roles must alternate.", error.Message);
    }
}
