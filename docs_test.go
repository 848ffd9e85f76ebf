package livedeskbot_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	linkForm    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingForm = regexp.MustCompile(`(?m)^#+ (.+)$`)
	unanchored  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	pathForm    = regexp.MustCompile("`((?:\\.ci|bot|cmd|deploy|docs|livedesk|migrations|storage)/[\\w./-]+)`")
	metricForm  = regexp.MustCompile(`livedeskbot_[a-z_]+`)
	alertForm   = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
	// explainedForm is a row of the table of alerts: name, meaning, what to do.
	explainedForm = regexp.MustCompile("(?m)^\\| `(Livedeskbot\\w+)` \\| [^|]+ \\| [^|]+ \\|$")
	mapForm       = regexp.MustCompile("(?s)\n## How the code is laid out\n+```\n(.*?)```")
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	texts := pages(t)
	linked := map[string]bool{"README.md": true}
	for page, text := range texts {
		for _, link := range linkForm.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(link[1], "https://") {
				continue
			}
			name, anchor, anchored := strings.Cut(link[1], "#")
			target := page
			if name != "" {
				target = path.Join(path.Dir(page), name)
			}
			linked[target] = true
			require.FileExists(t, target, "%s links to it", page)
			if anchored {
				require.Contains(t, anchors(texts[target]), anchor, "%s links to %s", page, link[1])
			}
		}
	}
	for page := range texts {
		require.True(t, linked[page], "no page links to %s", page)
	}
}

func TestThePathsInThePagesExist(t *testing.T) {
	t.Parallel()
	for page, text := range pages(t) {
		for _, m := range pathForm.FindAllStringSubmatch(text, -1) {
			_, err := os.Stat(m[1])
			require.NoError(t, err, page)
		}
	}
}

// The dashboard shows all metrics there are and no others, which a test of package bot requires.
func TestTheMetricsInThePagesExist(t *testing.T) {
	t.Parallel()
	dashboard, err := os.ReadFile("deploy/grafana-dashboard.json")
	require.NoError(t, err)
	there, named := metricForm.FindAllString(string(dashboard), -1), 0
	for page, text := range pages(t) {
		for _, metric := range metricForm.FindAllString(text, -1) {
			named++
			require.True(t, slices.ContainsFunc(there, func(name string) bool {
				return name == metric || name == metric+"_count" || name == metric+"_bucket"
			}), "%s names %s", page, metric)
		}
	}
	require.Positive(t, named)
}

func TestEveryAlertSaysWhatToDo(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("deploy/alerts.yaml")
	require.NoError(t, err)
	var alerts []string
	for _, m := range alertForm.FindAllStringSubmatch(string(rules), -1) {
		alerts = append(alerts, m[1])
	}
	require.NotEmpty(t, alerts)
	require.Equal(t, len(alerts), strings.Count(string(rules), "runbook: docs/operations.md#alerts"))
	var explained []string
	for _, m := range explainedForm.FindAllStringSubmatch(pages(t)["docs/operations.md"], -1) {
		explained = append(explained, m[1])
	}
	require.Equal(t, alerts, explained)
}

func TestTheMapShowsEveryPackage(t *testing.T) {
	t.Parallel()
	drawn := mapForm.FindStringSubmatch(pages(t)["CONTRIBUTING.md"])
	require.NotNil(t, drawn)
	var shown []string
	for line := range strings.Lines(drawn[1]) {
		name, what, _ := strings.Cut(line, " ")
		require.NotEmpty(t, strings.TrimSpace(what), line)
		shown = append(shown, module+name)
	}
	require.ElementsMatch(t, golist(t, `{{if .GoFiles}}{{.ImportPath}}{{end}}`, "./..."), shown)
}

// pages are the texts of all documents by their path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	inDocs, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, inDocs)
	texts := map[string]string{}
	for _, page := range append(inDocs, "README.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		texts[filepath.ToSlash(page)] = string(text)
	}
	return texts
}

// anchors are what GitHub makes of a page's headings for links to them.
func anchors(text string) []string {
	var names []string
	for _, m := range headingForm.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.ReplaceAll(unanchored.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return names
}
