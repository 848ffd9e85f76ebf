package bot

import (
	"context"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// noteMembership notes whether the bot can write to a chat, and begins with a group that it has joined.
func (d door) noteMembership(ctx context.Context, update int64, m membership) error {
	if err := d.noteWriting(ctx, m); err != nil {
		return err
	}
	if m.joined && m.group {
		return d.join(ctx, update, m)
	}
	return nil
}

// noteWriting notes whether the bot can write to a chat. Where it is there and may not write, what is to be told waits.
func (d door) noteWriting(ctx context.Context, m membership) error {
	switch {
	case m.writes:
		return d.outbox.Regain(ctx, m.chat)
	case m.member:
		d.log.Info("the bot may not write to a chat for now", "chat", m.chat)
		return nil
	}
	news, err := d.store.LoseChat(ctx, m.chat)
	if news {
		d.log.Info("the bot was removed from a chat", "chat", m.chat)
	}
	return err
}

// join greets a group that is connected, connects one to which staff have added the bot, and asks staff about any other.
func (d door) join(ctx context.Context, update int64, m membership) error {
	c, err := d.access.connection(ctx, m.chat)
	if err != nil {
		return err
	}
	connected := c.Connected()
	if !connected && m.by.user {
		if connected, err = d.access.isStaff(ctx, m.by.id); err != nil {
			return err
		}
		if connected {
			if err := d.store.Connect(ctx, d.me.id, m.chat, m.title); err != nil {
				return err
			}
			d.outbox.Wake()
			d.log.Info("chat connected: staff have added the bot", "chat", m.chat)
		}
	}
	switch {
	case connected:
		return d.greetWhoAdded(ctx, m)
	case c.State == storage.ChatRefused:
		return d.leave(ctx, m.chat)
	}
	return d.askStaff(ctx, update, newChat{id: m.chat, title: m.title, by: m.by, added: true})
}

// greetWhoAdded greets a group, and where the bot may not write there, tells who added it.
func (d door) greetWhoAdded(ctx context.Context, m membership) error {
	said, err := d.greet(ctx, m.chat, m.admin, false)
	if err != nil || said || !m.by.user {
		return err
	}
	_, _, err = d.outbox.Answer(ctx, telegram.Place{Chat: m.by.id},
		markup.Message{Text: d.view.In("").Text("greeting_mute", "Title", m.title)})
	return err
}

// greet says in a group what the bot is for and what stands in its way there, and reports whether it could. now says that the
// group has just been connected.
func (d door) greet(ctx context.Context, chat int64, admin, now bool) (bool, error) {
	p, err := d.places.at(ctx, chat, 0)
	if err != nil {
		return false, err
	}
	m := view.Greeting(d.view.In(p.language()), d.me.name(), d.me.reads.Load() || admin, now)
	_, id, err := d.outbox.Answer(ctx, telegram.Place{Chat: chat}, m)
	return id != 0, err
}

// leave makes the bot leave a chat.
func (d door) leave(ctx context.Context, chat int64) error {
	if v, err := d.telegram.Leave(ctx, chat); v == telegram.Later {
		return err
	}
	d.log.Info("left a chat that staff have refused", "chat", chat)
	return nil
}

// newChat is a group about which staff may be asked.
type newChat struct {
	id    int64
	title string
	by    person // who added the bot to it, or was the first to send a command there
	added bool
}

// askedPlace is where staff are asked about other chats and decide about them: the first feed, else the first staff chat. Chat 0:
// there is none.
func (c Config) askedPlace() telegram.Place {
	switch {
	case len(c.Feeds) > 0:
		return telegram.Place{Chat: c.Feeds[0].Chat, Thread: c.Feeds[0].Thread}
	case len(c.StaffChats) > 0:
		return telegram.Place{Chat: c.StaffChats[0]}
	}
	return telegram.Place{}
}

// asks reports whether staff are asked about chats.
func (c Config) asks() bool { return c.NewChats == Ask && c.askedPlace().Chat != 0 }

// askStaff asks staff, once, whether a chat may use the bot.
func (d door) askStaff(ctx context.Context, update int64, chat newChat) error {
	if !d.cfg.asks() {
		return nil
	}
	c := storage.Connection{ChatID: chat.id, Title: markup.Shorten(chat.title, view.MaxChatTitle), AskChatID: d.cfg.askedPlace().Chat}
	if ask, err := d.store.AskAbout(ctx, d.me.id, c, update); err != nil || !ask {
		return err
	}
	at, id, err := d.outbox.AnswerNear(ctx, d.cfg.askedPlace(),
		view.AskAboutChat(d.view.In(""), c, storage.Person{ID: chat.by.id, Name: chat.by.name}, chat.added))
	if err != nil || id == 0 {
		return err
	}
	d.log.Info("asked staff about a chat", "chat", chat.id)
	c.AskChatID, c.AskID = at.Chat, id
	return d.work.Record(ctx, func() error { return d.store.AskedAbout(ctx, d.me.id, c) })
}
