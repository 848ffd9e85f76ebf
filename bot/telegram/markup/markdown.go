package markup

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdownLimit is the longest Markdown that is rendered, in bytes: several full messages. The parser needs time in
// the square of the length for hostile nesting, up to half a second at this one.
const markdownLimit = 32 << 10

// markdownParser reads CommonMark with tables, strikethrough, task lists and bare links, made forgiving to people
// who do not know that they write Markdown: a line of dashes below a text does not make it a heading, "[Note]: call
// back" is not an invisible link definition, and HTML blocks are read like any other paragraph.
var markdownParser = goldmark.New(
	goldmark.WithParser(parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(util.Prioritized(tableParser{extension.NewTableParagraphTransformer()}, 200)),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)),
	goldmark.WithExtensions(extension.Strikethrough, extension.TaskList, extension.Linkify),
).Parser()

// tableParser wants bars in a table: without them, two dashes above a signature would make one.
type tableParser struct{ parser.ParagraphTransformer }

func (p tableParser) Transform(n *ast.Paragraph, reader text.Reader, pc parser.Context) {
	if bytes.Contains(n.Lines().Value(reader.Source()), []byte("|")) {
		p.ParagraphTransformer.Transform(n, reader, pc)
	}
}

// FromMarkdown renders Markdown from agents and customers as Telegram HTML of any length; see Split. What
// Telegram cannot show is put into words: headings are bold, lists have bullets, tables are lines, pictures are links.
// Raw HTML other than paragraphs and line breaks is shown as it was typed. The result is empty where nothing is visible.
func FromMarkdown(md string) string {
	return render(md)
}

// ForQuotation renders Markdown as FromMarkdown does, for what stands in a <blockquote>: quotations in it are text, because Telegram
// takes none inside of another.
func ForQuotation(md string) string {
	return render(md, "blockquote")
}

// render renders Markdown inside of the open tags.
func render(md string, open ...string) string {
	md = Clean(md)
	if len(md) > markdownLimit {
		return Escape(md)
	}
	r := htmlRenderer{source: []byte(md), open: open}
	r.blocks(markdownParser.Parse(text.NewReader(r.source)), 2)
	return r.out.String()
}

// htmlRenderer writes a goldmark tree as Telegram HTML. Line breaks are owed until something visible follows, so
// that they neither pile up nor stand at the end.
type htmlRenderer struct {
	source []byte
	out    strings.Builder
	owed   int      // line breaks before the next visible thing
	indent string   // begins each line of a list item
	open   []string // names of the open tags
}

// blocks writes the children of n, gap line breaks apart.
func (r *htmlRenderer) blocks(n ast.Node, gap int) {
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if child.PreviousSibling() != nil {
			r.owed = max(r.owed, gap)
		}
		r.block(child)
	}
}

func (r *htmlRenderer) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		r.wrap("b", "", func() { r.inlines(n) })
	case *ast.Blockquote:
		r.wrap("blockquote", "", func() { r.blocks(n, 2) })
	case *ast.List:
		r.list(n)
	case *ast.CodeBlock:
		r.code(n, "", "")
	case *ast.FencedCodeBlock:
		r.fenced(n)
	case *ast.ThematicBreak:
		r.text("———")
	case *extast.Table:
		r.blocks(n, 1)
	case *extast.TableHeader:
		r.wrap("b", "", func() { r.cells(n) })
	case *extast.TableRow:
		r.cells(n)
	default:
		r.inlines(n)
	}
}

// list puts the items of a tight list on lines of their own and paragraphs between those of a loose one.
func (r *htmlRenderer) list(l *ast.List) {
	gap := 2
	if l.IsTight {
		gap = 1
	}
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		if item.PreviousSibling() != nil {
			r.owed = max(r.owed, gap)
		}
		marker := "• "
		if l.IsOrdered() {
			marker = fmt.Sprintf("%d%c ", number, l.Marker)
			number++
		}
		r.text(marker)
		r.indented(func() { r.blocks(item, gap) })
	}
}

// indented moves lines to the right, up to the depth that a phone has room for.
func (r *htmlRenderer) indented(body func()) {
	outer := r.indent
	if len(outer) < 8 {
		r.indent += "  "
	}
	body()
	r.indent = outer
}

var languageName = regexp.MustCompile(`^[A-Za-z0-9+#._-]*$`)

// fenced takes for code what stands behind the opening fence and is no name of a language: people paste like that.
func (r *htmlRenderer) fenced(n *ast.FencedCodeBlock) {
	info := ""
	if n.Info != nil {
		info = string(n.Info.Value(r.source))
	}
	if languageName.MatchString(info) {
		r.code(n, info, "")
		return
	}
	r.code(n, "", info+"\n")
}

// code writes a block whose first line is already known, or empty.
func (r *htmlRenderer) code(n ast.Node, language, first string) {
	code := Escape(strings.TrimRight(first+string(n.Lines().Value(r.source)), "\n"))
	switch {
	case code == "":
	case language == "":
		r.wrap("pre", "", func() { r.text(code) })
	default:
		r.wrap("pre", "", func() {
			r.wrap("code", ` class="language-`+language+`"`, func() { r.text(code) })
		})
	}
}

func (r *htmlRenderer) cells(row ast.Node) {
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		if cell.PreviousSibling() != nil {
			r.text(" | ")
		}
		r.inlines(cell)
	}
}

func (r *htmlRenderer) inlines(n ast.Node) {
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		r.inline(child)
	}
}

func (r *htmlRenderer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		r.text(htmlText(n.Value(r.source)))
		if n.SoftLineBreak() || n.HardLineBreak() {
			r.lineBreak()
		}
	case *ast.CodeSpan:
		r.codeSpan(n)
	case *ast.Emphasis:
		r.emphasis(n)
	case *extast.Strikethrough:
		r.wrap("s", "", func() { r.inlines(n) })
	case *ast.Link:
		r.link(n, n.Destination)
	case *ast.Image:
		r.link(n, n.Destination)
	case *ast.AutoLink:
		r.text(Escape(string(n.Label(r.source)))) // Telegram finds these by itself
	case *ast.RawHTML:
		r.rawHTML(string(n.Segments.Value(r.source)))
	case *extast.TaskCheckBox:
		r.checkBox(n)
	default:
		r.inlines(n)
	}
}

func (r *htmlRenderer) emphasis(n *ast.Emphasis) {
	name := "i"
	if n.Level == 2 {
		name = "b"
	}
	r.wrap(name, "", func() { r.inlines(n) })
}

func (r *htmlRenderer) checkBox(n *extast.TaskCheckBox) {
	if n.IsChecked {
		r.text("☑ ")
		return
	}
	r.text("☐ ")
}

// codeSpan leaves the code plain inside of a link: Telegram allows only one of them at a time.
func (r *htmlRenderer) codeSpan(n ast.Node) {
	var code []byte
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if part, ok := child.(*ast.Text); ok {
			code = append(code, part.Value(r.source)...)
		}
	}
	content := Escape(strings.ReplaceAll(string(code), "\n", " "))
	if slices.Contains(r.open, "a") {
		r.text(content)
		return
	}
	r.wrap("code", "", func() { r.text(content) })
}

var webAddress = regexp.MustCompile(`^(?i:https?)://[^/]`)

// link shows the address beside the label where Telegram would not make a link of it: it knows nothing but web
// addresses, and makes a wrong one of mailto: (check_link_impl in TDLib).
func (r *htmlRenderer) link(n ast.Node, destination []byte) {
	address := Escape(string(util.URLEscape(destination, true)))
	switch {
	case n.FirstChild() == nil:
		r.text(address)
	case webAddress.MatchString(address):
		r.wrap("a", ` href="`+address+`"`, func() { r.inlines(n) })
	default:
		r.inlines(n)
		address = strings.TrimPrefix(address, "mailto:")
		if !strings.HasSuffix(r.out.String(), address) {
			r.text(" (" + address + ")")
		}
	}
}

var breakTag = regexp.MustCompile(`^(?i)</?(br|p)\b[^>]*>$`)

// rawHTML understands the tags that editors put around plain text.
func (r *htmlRenderer) rawHTML(raw string) {
	switch m := breakTag.FindStringSubmatch(raw); {
	case m == nil:
		r.text(Escape(raw))
	case strings.EqualFold(m[1], "p"):
		r.owed = 2
	default:
		r.lineBreak()
	}
}

func (r *htmlRenderer) lineBreak() {
	r.owed = min(r.owed+1, 2)
}

// text writes escaped text.
func (r *htmlRenderer) text(escaped string) {
	if escaped == "" {
		return
	}
	r.settle()
	r.out.WriteString(escaped)
}

// wrap writes a tag around body. A tag never stands inside of another of its kind, which Telegram refuses for
// quotes and links and which means nothing for the others.
func (r *htmlRenderer) wrap(name, attributes string, body func()) {
	if slices.Contains(r.open, name) {
		body()
		return
	}
	r.settle()
	r.open = append(r.open, name)
	r.out.WriteString("<" + name + attributes + ">")
	body()
	r.out.WriteString("</" + name + ">")
	r.open = r.open[:len(r.open)-1]
}

// settle writes the line breaks owed.
func (r *htmlRenderer) settle() {
	if r.owed > 0 && r.out.Len() > 0 {
		r.out.WriteString(strings.Repeat("\n", r.owed) + r.indent)
	}
	r.owed = 0
}

// htmlText returns Markdown text as HTML: without backslash escapes, with its character references resolved, and what
// remains escaped.
func htmlText(raw []byte) string {
	var resolved bytes.Buffer
	w := bufio.NewWriter(&resolved)
	html.DefaultWriter.Write(w, raw)
	_ = w.Flush() // a buffer takes everything
	return Clean(resolved.String())
}
