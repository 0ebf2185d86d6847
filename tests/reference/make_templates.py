"""usage: python3 tests/reference/make_templates.py (with jinja2 3.1)
What Jinja makes of small templates in the environment that transformers gives chat templates: one line for each."""
import datetime
import json
import pathlib
import re

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = datetime.datetime(2026, 1, 6, 9, 8, 7, 6000).strftime

arguments = {
    "s": "  Hello, World\n", "t": "a,b,,c", "u": "\U0001F469x\u00e9 \u4e2d\U0001F600", "q": "it's \"q\" \\ \t\x01\x7f\u00a0\u2028",
    "n": 7, "f": 2.5, "big": 123456789012345678901234567890, "neg": -3, "z": 0, "none": None, "yes": True, "no": False,
    "l": [3, 1, 2, 1], "e": [], "w": ["b", "A", "c", "a"], "m": [{"r": "u", "c": "x", "k": 1}, {"r": "a", "c": None}, {"r": "u", "c": ""}],
    "d": {"b": 1, "a": {"items": [1], "x y": None}, "items": 5, "7": "seven"}, "ed": {}, "nest": [[1, [2, {"k": [None, True, 1e-7, 1e16, 1.0, 123456.789]}]]],
    "mixed": "one  two\tthree\n\nfour ", "lines": "x\ny\r\nz\n\nlast", "floats": [0.1, 1e22, 1e-5, 1.5e300, -0.0, 100.0, 12345678901234567.0],
}

expressions = r"""
1 + 2 * 3 ** 2 - 4 // 3 % 2|1 / 2|7 // 2, -7 // 2, 7 % -3, -7 % 3|2 ** 10|2 ** -1|7.5 // 2, -7.5 % 2|1 + 1.0|yes + 1|-n, +n, --n|- 2 ** 2
1 == 1.0, yes == 1, no == 0, 'a' == 'a', [1] == [1.0], [1] == (1,), {} == ed, none == no|1 < 2 < 3, 1 < 3 < 2, 'a' < 'b', [1, 2] < [1, 3]|'a' < 1
'\U0001F600' > '\uffff'|1 != 2, 'x' != 'x'|1 in l, 5 not in l, 'b' in d, 'Hell' in s, 1 in d|1 in s|'x' in none|none in l|undefined_thing in l|'a' in undefined_thing
yes and 'x', no and 'x', 0 or 'y', '' or none, not 1, not not 1, not e|yes and not no or no|1 if yes else 2|1 if no|(1 if no) is defined|'a' if no else 'b' if no else 'c'
'a' ~ 1 ~ none ~ yes ~ 2.50 ~ [1,'x']|'a' + 'b' ~ 'c'|'a' 'b' "c"|'a' * 3, 3 * 'a', 'a' * -1, [1] * 2|'a' + 1|[1] + [2] + e|(1,) + (2,)|[1] + (2,)
l[0], l[-1], l[7] is defined, s[2], u[0], u[-1], u[1:3], u | length, u[::-1]|l[1:], l[:-1], l[::2], l[::-1], l[-2:], l[5:], l[2:0:-1], s[2:7], t[::2]|l[::0]|d[1:]
d.b, d['b'], d.a.x, d['a']['x y'], d.zz is defined, d['7'], d.7 is defined|d.items is defined, d['items'], d.items() | list|d.a['items']|d.keys() | list, d.values() | list | length
none.x is defined|none.x.y|undefined_thing|undefined_thing.x|undefined_thing is defined, undefined_thing is none, undefined_thing | length, undefined_thing | list|undefined_thing + 1|undefined_thing ~ 'a'
undefined_thing == other_thing, undefined_thing == none, not undefined_thing|undefined_thing()|s.zz|s.upper is defined|l.0, l.1
s.strip(), s.lstrip(), s.rstrip(), s.strip(' \n'), 'xxaxx'.strip('x'), 'abcba'.lstrip('ba'), 'abc'.rstrip('')|t.split(','), t.split(',', 1), t.split(',', maxsplit=2), t.rsplit(',', 1), t.rsplit(',')
mixed.split(), mixed.split(none, 1), mixed.split(' '), mixed.rsplit(), mixed.rsplit(none, 1), mixed.rsplit(maxsplit=2), ''.split(), ''.split(','), '   '.split()|t.split('')
lines.splitlines(), lines.splitlines(true), ''.splitlines()|t.partition(','), t.rpartition(','), t.partition('-'), t.rpartition('-')|s.startswith('  H'), s.startswith(('x', '  ')), t.endswith('c'), t.endswith('x'), s.startswith('')
t.replace(',', ';'), t.replace(',', ';', 1), t.replace('', '-'), 'aaa'.replace('aa', 'b'), t.replace('a', ''), t.replace('', '-', 2)|'abc'.find('c'), 'abc'.find('z'), u.find('x'), 'abcabc'.rfind('b'), 'abc'.index('b'), 'aaa'.count('a'), 'abc'.count('')
'hELLO wORLD it\'s 3d'.title(), 'hELLO wORLD'.capitalize(), 'x'.upper(), 'ABC'.lower(), 'stra\u00dfe'.upper(), ''.capitalize()|'-'.join(w), ', '.join(d), ''.join([])|'-'.join(l)
'{} and {}'.format(1, 'x'), '{0}{1}{0}'.format('a', 'b'), '{n} {{}}'.format(n=5)|'{}'.format()|'%s is %d and %r %%' % ('x', 3, 'y')|'%s' % 5|'%s' % [1]|'%s %s' % 'x'|'%d' % 2.7
'12'.isdigit(), 'a1'.isalnum(), 'ab'.isalpha(), ' \t'.isspace(), ''.isdigit(), 'AB'.isupper(), 'ab1'.islower(), '1'.isupper()|'abc'.removeprefix('ab'), 'abc'.removesuffix('bc'), 'abc'.removeprefix('x'), 'abc'.removesuffix('')
d.get('b'), d.get('zz'), d.get('zz', 9), d.get('a').get('x y')|l.index(1), l.count(1)|l.index(9)|l.append(4)|d.update({})|d.pop('b')|ed.clear()|e.copy(), ed.copy()
s | trim, s | trim(' \n'), s | upper, 'AbC' | lower, 'abc dEF-ghi (jkl' | title, 'ABC' | capitalize, none | upper, 5 | string + 'x'|t | replace(',', '.'), t | replace(',', '.', 2), 5 | replace('5', 'x')
l | length, s | length, d | count, none | length|l | first, l | last, e | first, e | last, s | first, d | first|5 | first|l | join, l | join('-'), w | join(', '), m | join('/', attribute='r'), 'abc' | join('.'), d | join(',')
w | sort, w | sort(reverse=true), w | sort(case_sensitive=true), l | sort, m | map(attribute='r') | list, m | sort(attribute='r') | map(attribute='c') | list|l | unique | list, w | unique | list, ['a', 'A'] | unique | list, ['a', 'A'] | unique(true) | list
l | reverse | list, 'abc' | reverse, d | reverse | list|l | min, l | max, w | min, w | max, e | min|l | sum, m | selectattr('k') | list, m | sum(attribute='zz', start=5)|['x'] | sum
m | selectattr('r', 'equalto', 'u') | list | length, m | rejectattr('r', 'equalto', 'u') | map(attribute='r') | list, m | selectattr('c', 'none') | list, m | selectattr('c') | list, m | selectattr('k', 'defined') | list | length
l | select('odd') | list, l | reject('odd') | list, l | select('>', 1) | list, w | select('in', ['a', 'b']) | list, [0, 1, ''] | select | list, none | select | list, e | map('upper') | list
w | map('upper') | join, l | map('string') | join('+'), w | map('replace', 'a', 'x') | list, m | map(attribute='k', default=0) | list, [[1, 2], [3]] | map('first') | list, m | map(attribute='zz') | list | length, [{'a': {'b': 1}}] | map(attribute='a.b') | list
(m | selectattr('zz')) is defined, 'x' if (m | selectattr('zz')) else 'y', 'x' if (m | selectattr('zz') | list) else 'y'|(m | selectattr('r')) | length|m | map('nope') | list|m | select('nope') | list
d | items | list, ed | items | list, undefined_thing | items | list|none | items | list|d | dictsort, d | dictsort(reverse=true) | map('first') | list, {'b': 1, 'A': 2} | dictsort, {'b': 1, 'A': 2} | dictsort(true), {'b': 1, 'A': 2} | dictsort(by='value')
undefined_thing | default('x'), none | default('x'), '' | default('x', true), none | d('y', boolean=true), 0 | default(5), undefined_thing | default|'12' | int, 'x' | int, 'x' | int(5), '3.9' | int, 3.9 | int, none | int, ' 12 ' | int, '1_000' | int, yes | int
'1.5' | float, 'x' | float, 'x' | float(2.0), 3 | float, none | float|2.5 | round, 3.5 | round, 2.567 | round(2), 2.1 | round(method='ceil'), 2.567 | round(1, 'floor'), 5 | round|neg | abs, -2.5 | abs, 'x' | list, none | list|5 | list
'a\nb\n\nc' | indent, 'a\nb' | indent(2, true), 'a\n\nb' | indent(2, blank=true), 'a\nb' | indent('> '), '' | indent, 'a\n' | indent|'%s-%s' | format('a', 2), '%s' | format(none)|'abc' | attr('x') is defined|w | list | tojson
d | tojson, d | tojson(indent=2), nest | tojson, q | tojson, q | tojson(ensure_ascii=true), u | tojson, u | tojson(ensure_ascii=true), {'b': 1, 'a': 2} | tojson(sort_keys=true), l | tojson(separators=(',', ':')), d | tojson(separators=[',', ':'], indent=1), e | tojson(indent=2), ed | tojson(indent=4), (1, 2) | tojson, none | tojson, {1: 2, none: 3, yes: 4, 1.5: 5} | tojson|undefined_thing | tojson|m | tojson(indent='\t')
floats, floats | tojson, big, big + 1, 1e5, 1.0, 0.1 + 0.2, 1e100, -1.5e-10, 10.0 ** 15, 10.0 ** 16|nest, d, q, [q], {'k': s}, (1,), (), [none, yes, 'x']|[u, '\u200b', '\x85', '\ue000']
none is none, none is defined, s is string, 5 is string, d is mapping, l is mapping, l is iterable, 5 is iterable, s is iterable, d is sequence, l is sequence, 5 is sequence, undefined_thing is iterable, undefined_thing is sequence|5 is number, yes is number, 2.5 is number, s is number
5 is integer, yes is integer, 2.5 is integer, 2.5 is float, yes is boolean, 1 is boolean, yes is true, 1 is true, no is false, 0 is false|4 is even, 3 is odd, 9 is divisibleby 3, 9 is divisibleby(2), 'x' is eq 'x', 5 is gt 3, 5 is lt(3), 5 is ge 5, 5 is le 4, 5 is ne 5, 1 is in l, 'a' is in ['b']
'abc' is lower, 'ABC' is upper, 'a' is sameas 'a', none is sameas none, yes is sameas true, l is not sameas [3], 5 is not none, s is not string, range is callable, s is callable|x is defined and x, n is defined and n > 5 or no|'x' is odd
range(3) | list, range(1, 4) | list, range(5, 0, -2) | list, range(0) | list, range(3, 1) | list|range(1, 2, 0)|range(1000000)|dict(a=1, b=2), dict({'a': 1}, b=2), dict([('x', 1)])|namespace(a=1).a, namespace().b is defined|raise_exception('no ' ~ 5)
strftime_now('%Y-%m-%d %H:%M:%S %% %d %b %B %a %A %y %j %p %I %-d %-m %e %f %F %T')|{'a': 1, 'a': 2}, {}, {'x': [1, {'y': 2}]}, {1: 'a'}[1], {1: 'a'}[1.0], {yes: 'a'}[1]|{[1]: 2}|[1, 2,], (1, 2,), {'a': 1,}|()|(1)
'\n\t\\\'\"\x41\u00e9\U0001F600\q'|'\a\b\f\v' | tojson|1_000, 1.5e3, 1e3, 1E-2|"%s" | replace("%", "!")|s is string and s | length > 3|l | length == 4 and not e|l | length - 1, (l | length) - 1|m[0].r, m[0]['c'], m[-1].r, m[1].c is none|m | length > 2 and m[2].c == ''
l is defined is true|1 is divisibleby 0|1 // 0|1 % 0|1.0 / 0|2 ** 2 ** 3|1,2|'a' if yes, 'b'|s.strip().split(',')[1].strip() | upper|(s | trim).split(', ') | last|[1, 2] | map('string') | map('upper') | join(',') | trim|d.a.get('items')[0]|not 1 in l, not (1 in l)|none ~ '', (none, )
'a' < 'B', 'abc' < 'abd', 'ab' < 'abc', (1, 'a') < (1, 'b')|none < 1|l > e|'x' in ['x'] and 'y' not in 'xyz'|'\u00e9' == 'e\u0301', '\u00e9' | length, 'e\u0301' | length|'A\u0130' | lower, '\u01c5' | upper, '\u03a3' | lower|'ab' 'cd'[1]|true, false, True, False, None, none
""".strip().split("\n")

templates = [
    "a\n{% if yes %}\n  b\n{% endif %}\nc\n", "a\n  {% if yes %}b{% endif %}  \n c\n\n", "{% if no %}x{% elif none %}y{% else %}z{% endif %}", "a {%- if yes -%}  b  {%- endif -%}  c",
    "a\n  {%+ if yes %}b{% endif +%}\n c", "x {{- ' y ' -}} z", "x\n  {{ 1 }}\n  {{- 2 }}\n {{ 3 -}}\n y", "a\n {# c #}\nb {#- d -#} e\n  {# f #}  \ng", "{#a#}\n{#b#}\n{%- set x = 1 %}\n\n{{ x }}\n",
    "{% raw %}{{ x }} {% if %}{% endraw %}\n y", "a {%- raw -%} b {% endraw -%} c", "  {% raw %}\n  x\n  {% endraw %}\n y", "\n\n{% if yes %}\n\n{% endif %}\n\n", "\t{% if yes %}\t\n\t{{ n }}\t\n\t{% endif %}\t\n", "a\r\n{% if yes %}\r\nb\r\n{% endif %}\r\nc\rd\r\n",
    "{{ '}}' }} {{ \"%}\" }} {{ {'a': {'b': 1}}['a']['b'] }}{{ {'a': {}} }}", "{{'a'}}{{-'b'-}}{{'c'}}", "x{{ 1 -}}\n\n\n y", "{%- for i in l -%} {{ i }} {%- endfor -%}", "{% for i in l %}\n{{ i }}\n{% endfor %}\nend", "{% for i in l %}  {{ i }}  {% endfor %}",
    "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.depth }}{{ loop.cycle('x', 'y') }}{{ loop.changed(i) }};{% endfor %}",
    "{% for i in e %}x{% else %}none{% endfor %}", "{% for i in l if i > 1 %}{{ i }}{{ loop.index }}{{ loop.length }}{% else %}no{% endfor %}", "{% for i in l if i > 5 %}x{% else %}no{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }};{% endfor %}",
    "{% for (a, b) in [(1, 2), (3, 4)] %}{{ a }}{{ b }}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}", "{% for c in u %}[{{ c }}]{% endfor %}", "{% for i in none %}x{% endfor %}", "{% for i in undefined_thing %}x{% else %}y{% endfor %}", "{% for i in 5 %}{% endfor %}",
    "{% for i in l %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "{% for i in l %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% else %}never{% endfor %}", "{% for i in l %}{% for j in l %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}",
    "{% set x = 1 %}{% for i in l %}{{ x }}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}", "{% set ns = namespace(x=0, y='') %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z is defined }}", "{% if yes %}{% set x = 5 %}{% endif %}{{ x }}", "{% for i in [1] %}{% set fresh = 1 %}{% endfor %}{{ fresh is defined }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set x %}\n  in {{ n }}\n{% endset %}[{{ x }}]", "{% set x | trim | upper %}  in {{ n }} {% endset %}[{{ x }}]", "{% set x %}{% set y = 1 %}{% endset %}{{ y is defined }}", "{% set d.b = 2 %}", "{% set undefined_thing.x = 2 %}",
    "{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(1, c='y') }}|{{ m(a=5) }}|{{ m() }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}", "{% macro m() %}{{ n }}{% set n = 9 %}{{ n }}{% endmacro %}{{ m() }}{{ n }}",
    "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}", "{% macro m(k) %}{% if k > 0 %}{{ k }}{{ m(k - 1) }}{% endif %}{% endmacro %}{{ m(5) }}", "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}in {{ n }}{% endcall %}", "{% macro m(x) %}<{{ caller(x) }}>{% endmacro %}{% call(y) m(3) %}y={{ y }}{% endcall %}",
    "{% macro m(a) %}\n  {{- a -}}\n{% endmacro %}\n[{{ m('x') | upper }}]", "{{ m is defined }}{% macro m() %}{% endmacro %}{{ m is defined }}{{ m is callable }}", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}b{% endmacro %}{{ a() }}", "{% filter upper %}a{{ n }}b{% endfilter %}", "{% filter trim | replace('a', 'x') %} banana {% endfilter %}",
    "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}", "{% with %}{% set q2 = 1 %}{{ q2 }}{% endwith %}{{ q2 is defined }}", "{% with n = 1, b = n %}{{ n }}{{ b }}{% endwith %}", "{% for i in [[1, [2, 3]], 4] recursive %}{% if i is iterable %}({{ loop(i) }}){% else %}{{ i }}d{{ loop.depth }}{% endif %}{% endfor %}",
    "{% for i in l %}{% if loop.first %}[{% endif %}{{ i }}{% if not loop.last %}, {% else %}]{% endif %}{% endfor %}", "{% for x in m | selectattr('r', 'equalto', 'u') %}{{ x.r }}{{ loop.index }}{{ loop.length }}{% endfor %}", "{% set g = l | map('string') %}{{ g | list }}{{ g | list }}", "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(2) %}{{ loop.last }}{% endfor %}",
    "{% if 'x' is string if yes %}{% endif %}", "{% if yes and\n   n > 5 %}\nok\n{% endif %}", "{{ l\n| length }}", "{% if not yes %}a{% elif n == 7 %}b{% endif %}", "{{ undefined_thing }}{{ none }}{{ yes }}{{ 1.0 }}{{ [] }}", "{% set x = none %}{{ x is none }}{{ x }}",
    "{% for m in m %}{{ m.r }}{% endfor %}", "{% for i in l %}{% set loop_i = loop.index %}{% for j in [1] %}{{ loop_i }}{{ loop.index }}{% endfor %}{% endfor %}", "{% set ns = namespace(l=[]) %}{% for i in l %}{% set ns.l = ns.l + [i * 2] %}{% endfor %}{{ ns.l }}", "{% set s = s + 'x' %}{{ s }}", "{{ s }}{{ s | safe }}",
    "{{ x", "{% if yes %}", "{% endif %}", "{% for i in l %}{% endif %}", "{% set %}", "{{ 1 + }}", "{{ (1 }}", "{{ l[1 }}", "{% unknown %}", "{{ 'x' | nofilter }}", "{{ 'x' is notest }}", "{# open", "{{ 'open }}", "{% raw %}x", "{{ 1 ! 2 }}", "{% for in l %}{% endfor %}", "{% macro m(a=1, b) %}{% endmacro %}", "{% break %}", "{{ a b }}", "{% if %}{% endif %}",
    "", "\n", "\n\n", "plain", "}}%}#}", "{ {x} }", "{{}}", "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{{ ''.__class__.__mro__ }}", "{{ m(1) }}", "{% if loop is defined %}x{% else %}y{% endif %}",
]

# Between expressions stands a bar without spaces; one with spaces is a filter.
templates += ["{{ " + expression + " }}" for line in expressions for expression in re.split(r"(?<! )\|(?! )", line)]


def main():
    folder = pathlib.Path(__file__).parent.parent / "FlexGen.Tokenizers.Tests/reference/chat"
    (folder / "variables.json").write_text(json.dumps(arguments) + "\n")
    with open(folder / "templates.jsonl", "w") as file:
        for template in templates:
            try:
                result = {"text": environment.from_string(template).render(**arguments)}
            except Exception as error:  # noqa: BLE001: any of them is a refusal
                result = {"error": f"{type(error).__name__}: {error}"}
            file.write(json.dumps({"template": template, **result}) + "\n")


if __name__ == "__main__":
    main()
