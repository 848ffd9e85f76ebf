package service

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// setting is a row of the table in docs/settings.md.
type setting struct {
	name     string
	secret   bool
	standard string // the cell "default"
}

var row = regexp.MustCompile("(?m)^\\| `([A-Z_]+)`( \\(secret\\))? \\| ([^|]+) \\| [^|]+ \\|$")

// documented returns the table of docs/settings.md.
func documented(t *testing.T) []setting {
	t.Helper()
	page, err := os.ReadFile("../../../docs/settings.md")
	require.NoError(t, err)
	var settings []setting
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		settings = append(settings, setting{name: m[1], secret: m[2] != "", standard: m[3]})
	}
	return settings
}

// unquoted returns the value that a cell documents, and false for a cell that describes it.
func (s setting) unquoted() (string, bool) {
	value := strings.Trim(s.standard, "`")
	return value, len(value) == len(s.standard)-2
}

// needed are the settings without which the service does not start.
var needed = map[string]string{
	"TELEGRAM_BOT_TOKEN": "1:a", "LIVEDESK_API_KEY": "key", "LIVEDESK_API_SECRET": "secret", "LIVEDESK_CHANNEL_ID": "inbox_100",
}

func from(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestTheTableNamesTheSettingsThatTheCodeReads(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	_, err := readConfig(func(name string) string {
		read[name] = true
		return needed[name]
	})
	require.NoError(t, err)
	named := map[string]bool{}
	for _, s := range documented(t) {
		named[s.name] = true
		if s.secret {
			named[s.name+"_FILE"] = true
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(read)), slices.Sorted(maps.Keys(named)))
}

func TestTheTablesDefaultsAreTheCodes(t *testing.T) {
	t.Parallel()
	unset, err := readConfig(from(needed))
	require.NoError(t, err)
	spelledOut := maps.Clone(needed)
	for _, s := range documented(t) {
		if value, ok := s.unquoted(); ok {
			spelledOut[s.name] = value
			continue
		}
		require.Regexp(t, "^(required|empty)", s.standard, s.name)
	}
	same, err := readConfig(from(spelledOut))
	require.NoError(t, err)
	require.Equal(t, unset, same)
	require.NotEqual(t, needed, spelledOut, "no default was found in the table")
}

func TestTheTableSaysWhatIsRequired(t *testing.T) {
	t.Parallel()
	var required []string
	for _, s := range documented(t) {
		if s.standard == "required" {
			required = append(required, s.name)
		}
	}
	require.ElementsMatch(t, required, slices.Collect(maps.Keys(needed)))
	for name := range needed {
		without := maps.Clone(needed)
		delete(without, name)
		_, err := readConfig(from(without))
		require.ErrorContains(t, err, name+" is required")
	}
}
