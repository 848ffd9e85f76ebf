package bot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// maxOwnChats is how many chats' tickets a list in private has; Telegram is asked about each of them.
const maxOwnChats = 30

// lists are the lists of tickets that /status answers with, page by page.
type lists struct{ handler }

// listReader is who reads a list: what it has is decided by that.
type listReader struct {
	reader
	staff bool
}

// asked returns the list that the words behind /status ask for. ok is false where they ask for something else.
func (l lists) asked(a asked) (list view.List, own, ok bool) {
	for i, word := range strings.Fields(markup.Line(a.args)) {
		finished, mine, known := l.view.ListWord(word)
		if !known {
			return list, own, i > 0
		}
		list.Finished, own = list.Finished || finished, own || mine
	}
	return list, own, true
}

// post answers /status with the first page of a list: in a staff chat of all tickets, in private of the person's, elsewhere of
// those of the topic, or of the whole chat in General, where there are no topics, and where people ask for their own.
func (l lists) post(ctx context.Context, a asked, list view.List, own bool) error {
	staff, err := l.access.isStaffChat(ctx, a.at.Chat)
	if err != nil {
		return err
	}
	switch {
	case a.private:
	case own:
		list.Person = a.by.id
	case staff:
		list.Queue = !list.Finished
	default:
		list.Thread = a.at.Thread
	}
	m, err := l.page(ctx, listReader{l.reader(a), staff}, list, 0)
	if err != nil {
		return err
	}
	return l.answer(ctx, a, m)
}

// answer answers with a list, and remembers that it is one.
func (l lists) answer(ctx context.Context, a asked, m markup.Message) error {
	at, id, err := l.outbox.Answer(ctx, a.at, m)
	if err != nil || id == 0 {
		return err
	}
	return l.work.Record(ctx, func() error {
		return l.store.AddPost(ctx, at.Chat, id, storage.Post{Kind: storage.PostList}, l.me.id, 0)
	})
}

// page is a page of a list, the last one where there are not so many.
func (l lists) page(ctx context.Context, r listReader, list view.List, page int) (markup.Message, error) {
	if r.private && !r.staff {
		list.Person, list.Thread = r.person, 0 // whatever a button says
	}
	which, err := l.selection(ctx, r, list)
	if err != nil {
		return markup.Message{}, err
	}
	tickets, total, err := l.tickets(ctx, list, which, page)
	if last := list.Pages(total) - 1; err == nil && page > last {
		page = last
		tickets, total, err = l.tickets(ctx, list, which, page)
	}
	if err != nil {
		return markup.Message{}, err
	}
	if tickets, err = l.refresh(ctx, tickets); err != nil {
		return markup.Message{}, err
	}
	if !list.Finished {
		found := len(tickets)
		tickets = slices.DeleteFunc(tickets, func(t storage.Ticket) bool { return view.Finished(t.Status) })
		total -= found - len(tickets)
	}
	names, err := l.store.NamesOf(ctx, tickets...)
	say := l.speak()
	if list.Queue {
		say = l.view.In("")
	}
	return l.view.List(say, view.Listed{
		List: list, Tickets: tickets, Names: names, Page: page, Total: total, Private: r.private, Staff: r.staff,
	}), err
}

// tickets are those of a page, and how many there are on all pages.
func (l lists) tickets(ctx context.Context, list view.List, which storage.Selection, page int) ([]storage.Ticket, int, error) {
	if list.Queue {
		return l.store.Queue(ctx, page*view.PerPage, view.PerPage)
	}
	return l.store.List(ctx, which, page*view.PerPage, view.PerPage)
}

// selection is what of a list its reader may see. Staff may see all.
func (l lists) selection(ctx context.Context, r listReader, list view.List) (storage.Selection, error) {
	which := storage.Selection{Thread: list.Thread, Person: list.Person, Finished: list.Finished}
	switch {
	case r.staff:
	case r.private:
		return l.ownIn(ctx, r.reader, which)
	default:
		which.Chats = []int64{r.chat}
	}
	return which, nil
}

// ownIn narrows a selection of a person's tickets, for their private chat, to the chats that they belong to.
func (h handler) ownIn(ctx context.Context, r reader, which storage.Selection) (storage.Selection, error) {
	which.Person = r.person
	chats, err := h.store.ListChats(ctx, which, maxOwnChats)
	if err != nil {
		return which, err
	}
	belongs := make([]bool, len(chats))
	var asks errgroup.Group
	for i, chat := range chats {
		asks.Go(func() (err error) {
			belongs[i], err = h.access.belongs(ctx, r, chat)
			return err
		})
	}
	err = asks.Wait()
	which.Chats = []int64{}
	for i, chat := range chats {
		if belongs[i] {
			which.Chats = append(which.Chats, chat)
		}
	}
	return which, err
}

// press does what a button of a list says. Data can be forged, so the message must be a list, and what it then has is decided by
// who reads the chat.
func (l lists) press(ctx context.Context, say view.Language, p pressed, action string, id int64, argument string) (string, error) {
	if is, err := l.posts.isList(ctx, p); err != nil || !is {
		return say.Text("press_unknown"), err
	}
	staff, err := l.access.isStaffChat(ctx, p.chat)
	if err != nil {
		return "", err
	}
	if action == "show" {
		return l.show(ctx, say, p, id)
	}
	list, page, ok := view.ParseList(action, id, argument)
	if !ok || list.Queue && !staff {
		return say.Text("press_unknown"), nil
	}
	m, err := l.page(ctx, listReader{l.pressReader(p), staff}, list, page)
	if err != nil {
		return "", err
	}
	return "", l.replace(ctx, p, m)
}

// show opens a ticket of a list, below it.
func (l lists) show(ctx context.Context, say view.Language, p pressed, id int64) (string, error) {
	t, err := l.store.Ticket(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_unknown"), nil
	}
	if err != nil {
		return "", err
	}
	text, about, err := l.describe(ctx, l.pressReader(p), storage.Post{Ticket: t.ID, TicketID: t.TicketID})
	if err != nil {
		return "", err
	}
	if about == (storage.Post{}) {
		return say.Text("press_unknown"), nil
	}
	about.Kind = storage.PostShow
	return l.openBelow(ctx, say, p, telegram.Place{Chat: p.chat, Thread: p.thread, Reply: p.message}, about, markup.Message{Text: text})
}

// pressReader is who reads what comes of a press.
func (h handler) pressReader(p pressed) reader {
	return reader{chat: p.chat, person: p.by.id, private: p.private, channels: h.here.channels}
}

// openBelow posts what a button opens below the button's message. Where it stands there already, for an earlier press, that message
// shows it anew.
func (h handler) openBelow(
	ctx context.Context, say view.Language, p pressed, to telegram.Place, about storage.Post, m markup.Message,
) (string, error) {
	stands, err := h.store.LastPost(ctx, to.Chat, about.Ticket, about.Kind)
	if err != nil {
		return "", err
	}
	parts := markup.Split(m.Text, markup.MaxText)
	if stands > p.message && len(parts) == 1 {
		switch v, err := h.telegram.Edit(ctx, to.Chat, stands, telegram.Answers, m); v {
		case telegram.Done:
			return say.Text("pressed_shown"), nil
		case telegram.Later:
			return "", err
		}
	}
	for i, part := range parts {
		one := markup.Message{Text: part}
		if i == len(parts)-1 {
			one.Buttons = m.Buttons
		}
		at, id, err := h.outbox.Answer(ctx, to, one)
		if err != nil || id == 0 {
			return "", err
		}
		if err := h.work.Record(ctx, func() error { return h.store.AddPost(ctx, at.Chat, id, about, h.me.id, 0) }); err != nil {
			return "", err
		}
	}
	return "", nil
}
