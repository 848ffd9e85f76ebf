package view

import (
	"strings"
	"time"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/storage"
)

// Buttons of /mydata. They belong to the message that carries them, whatever they say.
const (
	ForgetAsk = "forget:ask" // asks once more
	ForgetNow = "forget:now"
)

// MyData is what is stored about a person, for themselves. language is what they have chosen; empty: nothing. groups are the names of
// the groups where the bot knows them, retention is how long finished tickets are kept; 0: for ever.
func (v *View) MyData(say Language, d storage.PersonalData, language string, groups []string, retention time.Duration) markup.Message {
	var shown []string
	for _, g := range groups {
		shown = append(shown, markup.Isolate(markup.Shorten(markup.Line(g), maxWho)))
	}
	if language != "" {
		language = languageName(language)
	}
	text := say.Text("mydata", "Name", markup.Shorten(d.Name, maxWho), "Language", language, "Open", int(d.Open), "Finished", int(d.Finished),
		"Added", int(d.Additions), "Follows", int(d.Follows), "Groups", strings.Join(shown, ", "), "Days", int(retention/(24*time.Hour)))
	return markup.Message{Text: text, Buttons: [][]markup.Button{{{Label: say.Text("button_forget"), Data: ForgetAsk}}}}
}

// ForgetSure asks a person once more whether they want to be forgotten.
func (v *View) ForgetSure(say Language) markup.Message {
	return markup.Message{Text: say.Text("forget_sure"), Buttons: [][]markup.Button{{{Label: say.Text("button_forget_now"), Data: ForgetNow}}}}
}
