// Package livedeskbot_test checks the shape of the module: which package may import which, what the service contains, and that
// the pages for people speak of what there is.
package livedeskbot_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "livedeskbot/"

// arrows are the packages of ours that a package may import. A package that is not named imports none; commands, which
// wire everything, may import all that is not a command.
var arrows = map[string][]string{
	"bot": {
		"bot/claims", "bot/desk", "bot/inbox", "bot/outbox", "bot/telegram", "bot/telegram/markup", "bot/view", "bot/wait", "livedesk",
		"storage",
	},
	"bot/bottest": {
		"bot", "bot/logtest", "bot/telegram/telegramtest", "bot/view", "livedesk", "livedesk/livedesktest", "storage", "storage/storagetest",
	},
	"bot/inbox":             {"bot/claims", "bot/telegram", "bot/wait", "storage"},
	"bot/desk":              {"bot/claims", "bot/telegram", "bot/telegram/markup", "bot/view", "bot/wait", "livedesk", "storage"},
	"bot/outbox":            {"bot/claims", "bot/telegram", "bot/telegram/markup", "bot/view", "bot/wait", "storage"},
	"bot/view":              {"bot/telegram/markup", "livedesk", "storage"},
	"bot/claims":            {"bot/wait", "storage"},
	"bot/telegram":          {"bot/telegram/markup", "bot/wait"},
	"storage":               {"migrations"},
	"storage/localpg/fetch": {"storage/localpg"},
	"storage/storagetest":   {"migrations", "storage", "storage/localpg", "storage/localpg/fetch"},
}

func TestPackagesImportOnlyWhatLiesBelowThem(t *testing.T) {
	t.Parallel()
	for _, line := range golist(t, `{{.ImportPath}} {{join .Imports " "}}`, "./...") {
		words := strings.Fields(line)
		importer := strings.TrimPrefix(words[0], module)
		for _, imported := range words[1:] {
			imported, ours := strings.CutPrefix(imported, module)
			switch {
			case !ours:
			case strings.HasPrefix(importer, "cmd/"):
				require.True(t, !strings.HasPrefix(imported, "cmd/") || strings.HasPrefix(imported, "cmd/internal/"), line)
			default:
				require.Contains(t, arrows[importer], imported, "%s imports %s", importer, imported)
			}
		}
	}
}

// Telegram's own types end at the border: behind it, in the other stages and in what people read, nobody knows the library.
func TestOnlyTheBorderKnowsTelegramsLibrary(t *testing.T) {
	t.Parallel()
	knows := []string{"bot", "bot/inbox", "bot/telegram"}
	for _, line := range golist(t, `{{.ImportPath}} {{join .Imports " "}}`, "./bot/...") {
		words := strings.Fields(line)
		library := slices.ContainsFunc(words[1:], func(name string) bool { return strings.HasPrefix(name, "github.com/go-telegram/bot") })
		require.True(t, !library || slices.Contains(knows, strings.TrimPrefix(words[0], module)), words[0])
	}
}

func TestTheClientNeedsOnlyTheStandardLibrary(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{module + "livedesk"}, golist(t, `{{if not .Standard}}{{.ImportPath}}{{end}}`, "-deps", "./livedesk"))
}

func TestTheServiceContainsNoTestCode(t *testing.T) {
	t.Parallel()
	contained := golist(t, "{{.ImportPath}}", "-deps", "./cmd/livedeskbot")
	require.Contains(t, contained, module+"bot")
	for _, name := range contained {
		first, _, _ := strings.Cut(name, "/")
		require.NotEqual(t, "testing", first, name)
		require.NotContains(t, name, "testify")
		require.False(t, strings.HasPrefix(name, module) && strings.HasSuffix(name, "test"), name)
	}
}

func TestTheTryOutContainsNoBrowser(t *testing.T) {
	t.Parallel()
	contained := golist(t, "{{.ImportPath}}", "-deps", "./cmd/tryout")
	require.Contains(t, contained, module+"cmd/internal/page")
	for _, name := range contained {
		require.NotContains(t, name, "chromedp")
		require.NotContains(t, name, "testify")
		require.NotEqual(t, "testing", name)
	}
}

func TestTheServiceDownloadsNoPrograms(t *testing.T) {
	t.Parallel()
	contained := golist(t, "{{.ImportPath}}", "-deps", "./cmd/livedeskbot")
	require.Contains(t, contained, module+"storage/localpg")
	require.NotContains(t, contained, module+"storage/localpg/fetch")
	require.NotContains(t, contained, "github.com/xi2/xz")
	require.Contains(t, golist(t, "{{.ImportPath}}", "-deps", "./cmd/tryout"), module+"storage/localpg/fetch")
}

func TestEmulatorsAreNoTestCode(t *testing.T) {
	t.Parallel()
	for _, emulator := range []string{"./bot/telegram/telegramtest", "./livedesk/livedesktest"} {
		require.False(t, slices.Contains(golist(t, "{{.ImportPath}}", "-deps", emulator), "testing"), emulator)
	}
}

// golist returns what go list prints of the packages, without empty lines.
func golist(t *testing.T, format string, args ...string) []string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), "go", slices.Concat([]string{"list", "-f", format}, args)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	lines := strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
	require.NotEmpty(t, lines)
	return lines
}
