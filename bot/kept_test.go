package bot

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

func TestWhatIsKeptOfAMessageIsAllOfIt(t *testing.T) {
	t.Parallel()
	of, row := reflect.TypeFor[message](), reflect.TypeFor[keptMessage]()
	require.Equal(t, of.NumField(), row.NumField())
	for i := range of.NumField() {
		require.Equal(t, of.Field(i).Name, strings.ToLower(row.Field(i).Name))
	}
	at := time.Unix(1, 0).UTC()
	m := message{
		at: telegram.Place{Chat: 1, Thread: 2, Reply: 3}, by: person{4, "n", true, "de"}, private: true, title: "t", text: "x", words: "w",
		sent: at, edited: at, author: "a", kind: "photo", file: &view.File{ID: "f"}, album: "al", people: []storage.Person{{ID: 6}},
		mine: true, foreign: true, odd: true, topic: "to", part: "p",
	}
	quoted := m
	m.quoted = &quoted
	value := reflect.ValueOf(m)
	for i := range value.NumField() {
		require.False(t, value.Field(i).IsZero(), of.Field(i).Name)
	}
	got, err := restore(keep(asked{message: m, args: "args"}))
	require.NoError(t, err)
	require.Equal(t, asked{message: m, args: "args"}, got)

	got, err = restore(keep(asked{message: message{text: "a\u0000b"}}))
	require.NoError(t, err)
	require.Equal(t, "ab", got.text, "Postgres stores no such character")
}
