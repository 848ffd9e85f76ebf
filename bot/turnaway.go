package bot

import (
	"context"

	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// door is where the bot meets chats and people: it greets those that are connected, asks staff about others, and turns away whom
// it does nothing for.
type door struct{ handler }

// wish is what all wishes have that are messages.
type wish interface{ said() asked }

func (a asked) said() asked { return a }

// turnAway reports whether an update is none of the bot's business: its chat is not connected, or its person may not use the
// bot. Who gave a command then gets one hint an hour, and every press is answered.
func (d door) turnAway(ctx context.Context, update int64, want any) (bool, error) {
	switch w := want.(type) {
	case wish:
		return d.turnAwayMessage(ctx, update, want, w.said())
	case albumPart:
		why, err := d.access.bar(ctx, w.chat, w.chat)
		return why != barNone, err
	case placeName:
		why, err := d.access.bar(ctx, w.place.Chat, w.place.Chat)
		return why != barNone, err
	case pressed:
		if w.chat == 0 {
			return false, nil
		}
		why, err := d.access.bar(ctx, w.chat, w.by.id)
		if err == nil && why != barNone {
			d.answerPress(ctx, w, d.speak().Text("press_"+string(why)))
		}
		return why != barNone, err
	}
	return false, nil
}

func (d door) turnAwayMessage(ctx context.Context, update int64, want any, a asked) (bool, error) {
	why, err := d.access.bar(ctx, a.at.Chat, a.by.id)
	if err != nil || why == barNone {
		return why != barNone, err
	}
	about := a.at.Chat
	switch want.(type) {
	case edited, spoken:
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
	hint, err := d.store.Hint(ctx, d.me.id, about, string(why), update)
	if err != nil {
		return true, err
	}
	text, ask, err := d.hint(ctx, why, a)
	if err == nil && hint {
		err = d.say(ctx, a, text)
	}
	if err == nil && ask {
		err = d.askStaff(ctx, update, newChat{id: a.at.Chat, title: a.title, by: a.by})
	}
	return true, err
}

// hint says why the bot does nothing, and whether staff are to be asked to change that.
func (d door) hint(ctx context.Context, why bar, a asked) (text string, ask bool, err error) {
	say := d.speak()
	if why != barChat {
		return say.Text("hint_" + string(why)), false, nil
	}
	c, err := d.access.connection(ctx, a.at.Chat)
	if d.cfg.asks() && (c.State == "" || c.State == storage.ChatNew || c.State == storage.ChatAsked) {
		return say.Text("hint_chat_asked", "Chat", view.ChatID(a.at.Chat)), true, err
	}
	return say.Text("hint_chat", "Chat", view.ChatID(a.at.Chat)), false, err
}

// noteUse notes that a person has used the bot, so that it knows them in private. What is not noted now is the next time.
func (d door) noteUse(ctx context.Context, want any) {
	var err error
	switch w := want.(type) {
	case wantChats, wantBlock, wantUnblock: // outside staff chats somebody else's commands
	case spoken: // talk, or the answer to a question: who was asked is known already
	case wish:
		err = d.access.noteUse(ctx, w.said().at.Chat, w.said().by)
	case pressed:
		err = d.access.noteUse(ctx, w.chat, w.by)
	}
	if err != nil {
		d.log.Debug("a use of the bot is not noted", "error", err)
	}
}

// inStaffChat does what a command of staff says, in a staff chat. Elsewhere it is a command that somebody else may know.
func (d door) inStaffChat(ctx context.Context, a asked, do func(context.Context, asked) error) error {
	staff, err := d.access.isStaffChat(ctx, a.at.Chat)
	switch {
	case err != nil:
		return err
	case staff:
		return do(ctx, a)
	case a.private:
		return d.explain(ctx, a)
	}
	return nil
}
