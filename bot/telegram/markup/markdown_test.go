package markup

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarkdownToHTML(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"nothing":                  {" \n", ""},
		"plain text":               {"a < b & c > \"d\"", "a &lt; b &amp; c &gt; &quot;d&quot;"},
		"lines stay lines":         {"one\ntwo  \nthree\\\nfour\n\n\n\nfive", "one\ntwo\nthree\nfour\n\nfive"},
		"emphasis":                 {"*i* __b__ ***both*** ~~s~~ `a<b`", "<i>i</i> <b>b</b> <i><b>both</b></i> <s>s</s> <code>a&lt;b</code>"},
		"emphasis in emphasis":     {"**a **b** c** *d *e* f*", "<b>a b c</b> <i>d e f</i>"},
		"stars that mean nothing":  {"2 * 3 * 4, snake_case_name, a\\*b\\*", "2 * 3 * 4, snake_case_name, a*b*"},
		"references":               {"&copy; &#65; &amp;lt; \\&amp; &#8;", "© A &amp;lt; &amp;amp; "},
		"a heading":                {"# A **b**\ntext", "<b>A b</b>\n\ntext"},
		"a tight list":             {"- a\n- b\n  - c\n    d\n\nend", "• a\n• b\n  • c\n    d\n\nend"},
		"a loose list":             {"* a\n\n* b\n\n  c", "• a\n\n• b\n\n  c"},
		"a numbered list":          {"9) a\n10) b", "9) a\n10) b"},
		"a task list":              {"- [ ] a\n- [x] b", "• ☐ a\n• ☑ b"},
		"a quote in a quote":       {"> a\n> > b\n\nc", "<blockquote>a\n\nb</blockquote>\n\nc"},
		"a list in a quote":        {"> - a\n> - b", "<blockquote>• a\n• b</blockquote>"},
		"code with a language":     {"```go\nif a < b {\n\n\tx()\n}\n```", "<pre><code class=\"language-go\">if a &lt; b {\n\n\tx()\n}</code></pre>"},
		"code on its fence's line": {"```a \"b\nx\n```", "<pre>a &quot;b\nx</pre>"},
		"code by indentation":      {"a\n\n    b\n      c", "a\n\n<pre>b\n  c</pre>"},
		"code that is not closed":  {"```\n<b>", "<pre>&lt;b&gt;</pre>"},
		"a link":                   {`[a *b*](https://x.y/?q="1"&r=ü "t")`, `<a href="https://x.y/?q=%221%22&amp;r=%C3%BC">a <i>b</i></a>`},
		"a link around code":       {"[`a`](http://x.y)", `<a href="http://x.y">a</a>`},
		"a link without label":     {"[](http://x.y)", "http://x.y"},
		"a script as link":         {"[a](javascript:alert(1))", "a (javascript:alert(1))"},
		"a mail address as link":   {"[a@b.c](mailto:a@b.c) [me](mailto:a@b.c)", "a@b.c me (a@b.c)"},
		"bare addresses":           {"https://x.y/_a_?b=1&c <https://z.y> a@b.c", "https://x.y/_a_?b=1&amp;c https://z.y a@b.c"},
		"a picture":                {"![a < b](https://x.y/z.png)", `<a href="https://x.y/z.png">a &lt; b</a>`},
		"a picture that is a link": {"[![a](https://x.y/z.png)](https://x.y)", `<a href="https://x.y">a</a>`},
		"a table":                  {"|a|b|\n|-|-|\n|1|*2*|", "<b>a | b</b>\n1 | <i>2</i>"},
		"a rule":                   {"a\n\n---\n\nb", "a\n\n———\n\nb"},
		"dashes below a text":      {"a\n---\nb", "a\n\n———\n\nb"},
		"a signature":              {"Regards\n--\nLi", "Regards\n--\nLi"},
		"a bar in code in a table": {"|a|\n|-|\n|`x\\|y`|", "<b>a</b>\n<code>x|y</code>"},
		"a note in brackets":       {"[Note]: call back", "[Note]: call back"},
		"HTML of an editor":        {"<p>a<br>b<BR/>c</p><p class=\"x\">d</p>", "a\nb\nc\n\nd"},
		"many line breaks":         {"a<br><br>\n<br>b", "a\n\nb"},
		"line breaks in code":      {"`<br>`", "<code>&lt;br&gt;</code>"},
		"other HTML":               {"<script>x</script> a<!-- c --> <b", "&lt;script&gt;x&lt;/script&gt; a&lt;!-- c --&gt; &lt;b"},
		"HTML on lines of its own": {"<div>\n*a*\n</div>", "&lt;div&gt;\n<i>a</i>\n&lt;/div&gt;"},
		"line ends of Windows":     {"a\r\nb\x00", "a\nb"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := FromMarkdown(test.in)
			require.Equal(t, test.want, got)
			_, err := checkHTML(got)
			require.NoError(t, err)
		})
	}
}

func TestOverlongMarkdownIsShownAsItIs(t *testing.T) {
	t.Parallel()
	nested := strings.Repeat("> ", markdownLimit) + "<a>"
	require.Equal(t, Escape(nested), FromMarkdown(nested))
}

func FuzzMarkdownToHTML(f *testing.F) {
	for _, seed := range []string{
		"# a\n- b\n  > c `d` ~~e~~\n\n|f|g|\n|-|-|\n|h|", "**a <p> b**", "[![a](b)](c) <br> ![](http://x)", "```x\n&#60;\n", "- - [ ] 1. a",
		"*a **b*c**", "a\xff\x00&#0;", "<p>\n\n<p>a", "***a** _b_*", "[a](<b c>) https://x.y/~a~",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, md string) {
		source := FromMarkdown(md)
		visible, err := checkHTML(source)
		require.NoError(t, err)
		require.Equal(t, withoutSpace(visible), withoutSpace(strings.Join(requireParts(t, source, 20), "")))
	})
}
