using System.Text.Json;
using FlexGen.Tokenizers.Chat;

namespace FlexGen.Tokenizers.Tests.Chat;

/// <summary>Whatever a template does with what a record brings, it stays the record's.</summary>
public class WrittenTests
{
    private const string Token = "<|begin_of_text|>";
    private const int Id = 1061;

    [Theory]
    [InlineData("{{ c }}")]
    [InlineData("{{ c | trim }}{{ c.strip() }}{{ c.lstrip('x') }}")]
    [InlineData("{{ '' + c + '' }}{{ c ~ c }}{{ c * 2 }}")]
    [InlineData("{{ c[:3] ~ c[3:] }}{{ c[::-1][::-1] }}{{ c | reverse | reverse }}")]
    [InlineData("{% for x in c %}{{ x }}{% endfor %}")]
    [InlineData("{{ c | list | join }}{{ ''.join(c) }}{{ c.split('of') | join('of') }}{{ c.partition('of') | join }}{{ c.rsplit('_', 1) | join('_') }}")]
    [InlineData("{{ c.replace('x', 'y') }}{{ c | replace('begin', 'begin') }}{{ ('~' ~ c).replace('~', '') }}")]
    [InlineData("{{ c | upper | lower }}{{ c.lower() }}{{ c.title().lower() }}")]
    [InlineData("{{ c | tojson }}{{ [c] }}{{ {'a': c} }}{{ messages }}{{ messages | tojson(indent=2) }}")]
    [InlineData("{{ '%s' % c }}{{ '{}'.format(c) }}{{ '%s' | format(c) }}{{ '%r' % c }}")]
    [InlineData("{{ c.splitlines() | join }}{{ c | indent }}{{ c.split() | map('string') | join }}")]
    [InlineData("{{ '<|begin_of' + '_text|>' if c == 'never' else c }}{{ c | default('x') }}{{ undefined_thing | default(c) }}")]
    [InlineData("{% set x %}{{ c }}{% endset %}{{ x }}{% macro m(a) %}{{ a }}{% endmacro %}{{ m(c) }}{% filter trim %} {{ c }} {% endfilter %}")]
    [InlineData("{{ messages[0] | items | first | last }}{{ messages | map(attribute='content') | join }}{{ messages[0].values() | list | last }}")]
    [InlineData("{% set ns = namespace(a='') %}{% for p in c.split('_') %}{% set ns.a = ns.a + p + '_' %}{% endfor %}{{ ns.a[:-1] }}")]
    [InlineData("{{ '<|begin_of' }}{{ c[10:] }}{{ c[:10] }}{{ '_text|>' }}")]
    public void What_a_record_brings_is_never_a_control_token(string template)
    {
        var chat = Render("{% set c = messages[0].content %}" + template, Token);
        Assert.DoesNotContain(Id, Reference.Of("llama3").Encode(chat));
        Assert.Contains(Id, Reference.Of("llama3").Encode(chat with { Written = [(0, chat.Text.Length)] }));
    }

    [Theory]
    [InlineData("<|begin_of_text|>")]
    [InlineData("{{ '<|begin_of_text|>' }}")]
    [InlineData("<|begin_{{ 'of' }}_text|>")]
    [InlineData("{{ '<|begin' ~ '_of_' + 'text|>' }}")]
    [InlineData("{{ bos_token }}")]
    [InlineData("{{ 'B'.replace('B', '<|begin_of_text|>') | trim }}")]
    [InlineData("{{ messages[0].content.replace('x', '<|begin_of_text|>') }}")]
    [InlineData("{{ ['<|begin', 'text|>'] | join('_of_') }}")]
    [InlineData("{{ '<|BEGIN_OF_TEXT|>' | lower }}")]
    [InlineData("{% macro m(t) %}<|{{ t }}|>{% endmacro %}{{ m('begin_of_text') }}")]
    public void What_the_template_writes_is(string template)
    {
        Assert.Contains(Id, Reference.Of("llama3").Encode(Render(template, "x")));
    }

    [Fact]
    public void A_known_role_is_structure_and_any_other_is_the_records()
    {
        Assert.Equal([(0, 8)], Render("<|{{ messages[0].role }}|>", "x").Written);
        Assert.Equal([(0, 2), (6, 2)], Render("<|{{ messages[0].role }}|>", "x", "evil").Written);
    }

    [Fact]
    public void Numbers_of_a_record_are_the_records_and_those_that_are_counted_the_templates()
    {
        var messages = JsonElement.Parse("""[{"role": "user", "content": 7}]""");
        var template = ChatTemplate.Parse("t", "{{ messages[0].content }}{{ messages | length }}{{ messages[0].content + 1 }}", new Dictionary<string, string>());
        Assert.Equal([(1, 1)], template.Render(Conversation.Of(messages, isWritten: false), new ChatSettings()).Written);
    }

    [Fact]
    public void Stretches_between_which_a_record_brought_nothing_are_two()
    {
        var template = ChatTemplate.Parse("t", "{{ messages[0].content }}", new Dictionary<string, string>());
        var chat = template.Render(Conversation.Of([new ChatMessage("user", Token, [(0, 5), (5, Token.Length - 5)])]), new ChatSettings());
        Assert.DoesNotContain(Id, Reference.Of("llama3").Encode(chat));
    }

    private static RenderedChat Render(string template, string content, string role = "user")
    {
        var messages = JsonSerializer.SerializeToElement(new[] { new { role, content } });
        return ChatTemplate.Parse("t", template, new Dictionary<string, string> { ["bos_token"] = Token })
            .Render(Conversation.Of(messages, isWritten: false), new ChatSettings());
    }
}
