package view

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"livedeskbot/bot/telegram/markup"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Every text that people read stands in locales, one file a language, in the form of the i18n library:
// https://github.com/nicksnyder/go-i18n. They are Telegram HTML; what is put into them is escaped here.
//
//go:embed locales/*.json
var locales embed.FS

// texts are the locales.
type texts struct {
	bundle   *i18n.Bundle
	fallback string
	now      func() time.Time
	spoken   map[string]Language // by tag, those that are asked for: of Languages, and the empty one
}

// newTexts reads the locales. fallback is the language where nothing else is chosen, now the clock; nil: time.Now.
func newTexts(fallback string, now func() time.Time) (*texts, error) {
	if fallback == "" {
		fallback = "en"
	}
	bundle, err := readLocales()
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	t := &texts{bundle: bundle, fallback: fallback, now: now, spoken: map[string]Language{}}
	for _, tag := range append(Languages(), "") {
		t.spoken[tag] = t.learn(tag)
	}
	return t, nil
}

var readLocales = sync.OnceValues(func() (*i18n.Bundle, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	for _, tag := range Languages() {
		if _, err := bundle.LoadMessageFileFS(locales, "locales/"+tag+".json"); err != nil {
			return nil, fmt.Errorf("locale %s: %w", tag, err)
		}
	}
	return bundle, nil
})

// Languages returns the languages that there are texts in.
func Languages() []string {
	files, _ := locales.ReadDir("locales")
	var tags []string
	for _, f := range files {
		tags = append(tags, strings.TrimSuffix(f.Name(), ".json"))
	}
	return tags
}

// Match returns the language of [Languages] that somebody who asks for tag reads; empty: none. It takes what Telegram calls a
// language_code, such as "zh-hant" or "pt-br": IETF tags in any letter case, now and then with parts that no registry knows.
func Match(tag string) string {
	// A tag with an unknown part comes with an error and as far as it was understood.
	asked, _ := language.Parse(tag)
	_, i, confidence := matcher().Match(asked)
	if confidence < language.High { // with less it would rather guess than say that there is none
		return ""
	}
	return Languages()[i]
}

// matcher finds one of Languages.
var matcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for _, tag := range Languages() {
		tags = append(tags, language.MustParse(tag))
	}
	return language.NewMatcher(tags)
})

// Language speaks one language, and others where a text is missing in it.
type Language struct {
	localizer *i18n.Localizer
	now       func() time.Time
}

// in returns the language with the given tag; empty: the one where nothing is chosen.
func (t *texts) in(lang string) Language {
	if known, ok := t.spoken[lang]; ok {
		return known
	}
	return t.learn(lang)
}

// learn makes a language, which takes longer than a text in it.
func (t *texts) learn(lang string) Language {
	return Language{i18n.NewLocalizer(t.bundle, lang, t.fallback, "en"), t.now}
}

// Text returns the text with the given id. pairs are names and values for it; values are escaped, and shown in isolation so
// that right-to-left names do not rearrange the line, unless they are [markup.HTML]. The value of Count chooses the plural.
func (t Language) Text(id string, pairs ...any) string {
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case string:
			data[pairs[i].(string)] = markup.Escape(markup.Isolate(v))
		default:
			data[pairs[i].(string)] = v
		}
	}
	return t.localize(id, data)
}

// plain is [Language.Text] for what is no HTML: values are put in as they are.
func (t Language) plain(id string, pairs ...any) string {
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[pairs[i].(string)] = pairs[i+1]
	}
	return t.localize(id, data)
}

func (t Language) localize(id string, data map[string]any) string {
	text, err := t.localizer.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: data, PluralCount: data["Count"]})
	if err != nil && text == "" {
		return id // a test asks for every id, so people do not see this
	}
	return text
}

// Word returns the name of one of LiveDesk's words, such as a status. Accounts define their own; an unknown one is shown
// as it is, with its underscores as spaces. Words have ids of their own, so that none hits another text.
func (t Language) Word(kind, word string) string {
	text, err := t.localizer.Localize(&i18n.LocalizeConfig{MessageID: "word_" + kind + "_" + word})
	if err != nil {
		return markup.Escape(markup.Isolate(markup.Shorten(markup.Line(strings.ReplaceAll(word, "_", " ")), 60)))
	}
	return text
}
