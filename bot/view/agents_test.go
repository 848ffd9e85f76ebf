package view

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

func speaking(t *testing.T, lang string) *View {
	t.Helper()
	v, err := New(Config{Language: lang})
	require.NoError(t, err)
	return v
}

// everyDesk are the views of operators of each language.
func everyDesk(t *testing.T) map[string]*View {
	t.Helper()
	desks := map[string]*View{}
	for _, lang := range Languages() {
		desks[lang] = speaking(t, lang)
	}
	return desks
}

func TestAgentsReadTheLanguageOfTheirDesk(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 5, 14, 30, 9, 0, time.UTC)
	german, japanese := speaking(t, "de"), speaking(t, "ja")
	require.Equal(t, "> Mina, 5. März 2026, 14:30 UTC:\n> one\n> two", german.Quoted("Mina", at, "one\ntwo"))
	require.Equal(t, "### 5. März 2026, 14:30:09 UTC, Mina <x>\nwords", german.Added("Mina <x>", at, "words"))
	require.Equal(t, "### 2026年3月5日 14:30:09 UTC、Mina（編集済み）\nwords", japanese.Rewritten("Mina", at, "words"))
	require.Equal(t, "写真", japanese.Kind("photo"))
}

func TestNobodyWritesAHeadingOfOursInAnyLanguage(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 5, 14, 30, 9, 0, time.UTC)
	desks := everyDesk(t)
	for lang, forger := range desks {
		forged := forger.Added("Kenji", at, "")
		for desk, v := range desks {
			require.Equal(t, v.Added("Mina", at, "")+`\`+forged, v.Added("Mina", at, forged), "%s in %s", lang, desk)
		}
	}
}

func TestANoteAboutAFileIsKnownInTheLanguageItWasWrittenIn(t *testing.T) {
	t.Parallel()
	desks := everyDesk(t)
	for _, reason := range []string{DropTooBig, DropExpired, DropRefused, DropNoPlace, DropTooMany, DropFailed, DropNumber} {
		f := storage.File{State: storage.FileDropped, Reason: reason, File: File{Name: `a <b> "c".pdf`, Caption: "look"}.JSON()}
		other := storage.File{State: storage.FileDropped, Reason: reason, File: File{Name: "b.pdf"}.JSON()}
		for before, v := range desks {
			note := v.FileNote(f)
			require.Contains(t, note, `a <b> "c".pdf`)
			text := AppendBlock(AppendBlock("It is broken.", note), "And more.")
			for now, v := range desks {
				require.Equal(t, note, v.NoteOf(text, f), "%s, then %s", before, now)
				require.Empty(t, v.NoteOf(text, other))
			}
		}
	}
	require.Empty(t, speaking(t, "de").NoteOf("It is broken.", storage.File{State: storage.FileUploaded, File: File{Name: "x"}.JSON()}))
}

func TestTheQuestionIsKnownInEveryLanguage(t *testing.T) {
	t.Parallel()
	english := speaking(t, "en")
	for _, lang := range Languages() {
		require.True(t, english.IsQuestion(markup.Plain(english.In(lang).Text("question"))), lang)
	}
	require.False(t, english.IsQuestion("What?"))
}

func TestThereIsOneLanguageForEachOfTelegramsCodes(t *testing.T) {
	t.Parallel()
	for fallback, chinese := range map[string]string{"en": "zh-CN", "zh-CN": "zh-CN", "zh-TW": "zh-TW", "de": "zh-CN"} {
		found := map[string]string{}
		for _, say := range speaking(t, fallback).ByCode() {
			found[say.Code] = say.Text("question")
		}
		require.Len(t, found, 9)
		for code, lang := range map[string]string{
			"": fallback, "zh": chinese, "en": "en", "de": "de", "fr": "fr", "es": "es", "ja": "ja", "id": "id", "th": "th",
		} {
			require.Equal(t, locale(t, lang)["question"]["other"], found[code], "%s where the operator reads %s", code, fallback)
		}
	}
}
