package bot

import (
	"context"

	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// wish is what all wishes have that are messages.
type wish interface{ said() asked }

func (a asked) said() asked { return a }

// turnAway reports whether an update is none of the bot's business: its chat is not connected, or its person may not use the
// bot. Who gave a command then gets one hint an hour, and every press is answered.
func (h handler) turnAway(ctx context.Context, update int64, want any) (bool, error) {
	switch w := want.(type) {
	case wish:
		return h.turnAwayMessage(ctx, update, want, w.said())
	case albumPart:
		why, err := h.access.bar(ctx, w.chat, w.chat)
		return why != barNone, err
	case placeName:
		why, err := h.access.bar(ctx, w.place.Chat, w.place.Chat)
		return why != barNone, err
	case pressed:
		if w.chat == 0 {
			return false, nil
		}
		why, err := h.access.bar(ctx, w.chat, w.by.id)
		if err == nil && why != barNone {
			h.answerPress(ctx, w, h.speak().Text("press_"+string(why)))
		}
		return why != barNone, err
	}
	return false, nil
}

func (h handler) turnAwayMessage(ctx context.Context, update int64, want any, a asked) (bool, error) {
	why, err := h.access.bar(ctx, a.at.Chat, a.by.id)
	if err != nil || why == barNone {
		return why != barNone, err
	}
	about := a.at.Chat
	switch want.(type) {
	case edited:
		return true, nil
	case wantChats, wantBlock, wantUnblock:
		if why == barChat {
			return true, nil // a command that somebody else may know
		}
	case answered:
		if why == barChat {
			return true, nil
		}
	}
	if why == barBlocked {
		about = a.by.id
	}
	hint, err := h.store.Hint(ctx, h.me.id, about, string(why), update)
	if err != nil {
		return true, err
	}
	text, ask, err := h.hint(ctx, why, a)
	if err == nil && hint {
		err = h.say(ctx, a, text)
	}
	if err == nil && ask {
		err = h.askStaff(ctx, update, newChat{id: a.at.Chat, title: a.title, by: a.by})
	}
	return true, err
}

// hint says why the bot does nothing, and whether staff are to be asked to change that.
func (h handler) hint(ctx context.Context, why bar, a asked) (text string, ask bool, err error) {
	say := h.speak()
	if why != barChat {
		return say.Text("hint_" + string(why)), false, nil
	}
	c, err := h.access.connection(ctx, a.at.Chat)
	if h.cfg.asks() && (c.State == "" || c.State == storage.ChatNew || c.State == storage.ChatAsked) {
		return say.Text("hint_chat_asked", "Chat", view.ChatID(a.at.Chat)), true, err
	}
	return say.Text("hint_chat", "Chat", view.ChatID(a.at.Chat)), false, err
}

// noteUse notes that a person has used the bot, so that it knows them in private. What is not noted now is the next time.
func (h handler) noteUse(ctx context.Context, want any) {
	var err error
	switch w := want.(type) {
	case wantChats, wantBlock, wantUnblock: // outside staff chats somebody else's commands
	case wish:
		err = h.access.noteUse(ctx, w.said().at.Chat, w.said().by)
	case pressed:
		err = h.access.noteUse(ctx, w.chat, w.by)
	}
	if err != nil {
		h.log.Debug("a use of the bot is not noted", "error", err)
	}
}
