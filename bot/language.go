package bot

import (
	"context"
	"strings"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
)

// chooseLanguage handles /language: alone it offers the languages, with one it sets it: in private for the person, in a group for
// the topic, in General and where there are no topics for the whole chat.
func (h placeSetup) chooseLanguage(ctx context.Context, a asked) error {
	tag := markup.Line(a.args)
	if tag == "" {
		m := markup.Message{Text: h.speak().Text("language_choose"), Buttons: view.LanguageButtons(a.at.Thread)}
		_, _, err := h.outbox.Answer(ctx, a.at, m)
		return err
	}
	if known := view.Match(tag); known != "" {
		text, err := h.setLanguage(ctx, a.at.Chat, a.at.Thread, a.private, a.by, known)
		if err != nil {
			return err
		}
		return h.say(ctx, a, text)
	}
	return h.say(ctx, a, h.speak().Text("language_unknown", "Tag", markup.Shorten(tag, 40), "Tags", strings.Join(view.Languages(), ", ")))
}

// pressLanguage handles a button of /language.
func (h placeSetup) pressLanguage(ctx context.Context, p pressed) (string, error) {
	thread, tag, ok := view.ParseLanguageButton(p.data)
	if !ok || p.chat == 0 {
		return h.speak().Text("press_unknown"), nil
	}
	text, err := h.setLanguage(ctx, p.chat, thread, p.private, p.by, tag)
	return text, err
}

// setLanguage sets the language of a place, if a person may, and returns what to say.
func (h placeSetup) setLanguage(ctx context.Context, chat, thread int64, private bool, by person, tag string) (string, error) {
	if private {
		thread = 0 // it is the person's, whatever topic they write in
	} else {
		may, err := h.access.mayAdminister(ctx, chat, by)
		if err != nil || !may {
			return h.speak().Text("press_admins_only"), err
		}
	}
	if err := h.places.setLanguage(ctx, chat, thread, tag); err != nil {
		return "", err
	}
	return h.view.In(tag).Text("language_set"), nil
}
