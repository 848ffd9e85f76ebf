package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

const (
	// maxRelayed bounds a file of an agent, and maxFetched how many are in hand: Telegram's library holds an upload in
	// memory.
	maxRelayed = 20 << 20
	maxFetched = 2
	// maxPhoto is what Telegram takes as a photo. https://core.telegram.org/bots/api#sendphoto
	maxPhoto = 10 << 20
	// maxNamed is how many people one message mentions.
	maxNamed = 5
)

// part is one message of a notice: a text or a file, and its place among those.
type part struct {
	text string
	file *view.ReplyFile
	nth  int
}

// tellNotices tells what there is to tell about a ticket beside its card, in order.
func (b *Bot) tellNotices(ctx context.Context, t storage.Ticket) error {
	notices, err := b.store.Notices(ctx, t.ID)
	if err != nil {
		return err
	}
	for _, n := range notices {
		if err := b.tellNotice(ctx, t, n); err != nil {
			return err
		}
	}
	return nil
}

// tellNotice tells one notice, from the part on at which it was left. Where its content has changed, the messages that
// stand are edited.
func (b *Bot) tellNotice(ctx context.Context, t storage.Ticket, n storage.Notice) error {
	parts, err := b.parts(ctx, t, n)
	if err != nil {
		return err
	}
	for last := false; !last; {
		posted, told := int64(0), true
		if n.PartsSent < len(parts) {
			if posted, told, err = b.bring(ctx, t, &n, parts[n.PartsSent]); err != nil {
				return err
			}
		}
		n.PartsSent++
		b.trim(ctx, &n, parts)
		last = !told || n.PartsSent >= len(parts)
		if err := b.work.Record(ctx, func() error { return b.store.RecordPart(ctx, n, t.TicketID, posted, last) }); err != nil {
			return err
		}
	}
	return nil
}

// trim removes the messages of a notice that its words, now fewer, no longer need.
func (b *Bot) trim(ctx context.Context, n *storage.Notice, parts []part) {
	texts := 0
	for _, p := range parts {
		if p.file == nil {
			texts++
		}
	}
	for _, id := range n.Messages[min(texts, len(n.Messages)):] {
		_, _ = b.telegram.Delete(ctx, n.ChatID, id) // one that is too old to be removed stays
	}
	n.Messages = n.Messages[:min(texts, len(n.Messages))]
}

// bring makes a part of a notice stand in the chat and returns the message that was posted for it, if any. told is false
// where nobody can be told.
func (b *Bot) bring(ctx context.Context, t storage.Ticket, n *storage.Notice, p part) (posted int64, told bool, err error) {
	switch {
	case p.file != nil && p.nth < n.FilesSent:
		return 0, true, nil
	case p.file == nil && p.nth < len(n.Messages):
		v, err := b.telegram.Edit(ctx, n.ChatID, n.Messages[p.nth], telegram.Notices, markup.Message{Text: p.text})
		if v == telegram.Done || v == telegram.Later {
			return 0, true, err
		}
	}
	chat, id, err := b.tellPart(ctx, t, *n, p)
	if err != nil || id == 0 {
		return 0, false, err
	}
	if chat != n.ChatID { // what was told elsewhere is out of reach
		n.ChatID, n.Messages = chat, nil
	}
	if p.file != nil {
		n.FilesSent++
	} else {
		n.Messages = append(n.Messages[:min(p.nth, len(n.Messages))], id)
	}
	return id, true, nil
}

// tellPart posts one message of a notice: as a reply to the card or to the message it answers, else into General. Where
// the chat is lost nobody is told: it is their chat's business, and the ticket can be asked for again.
func (b *Bot) tellPart(ctx context.Context, t storage.Ticket, n storage.Notice, p part) (chat, id int64, err error) {
	priority, reply := telegram.Notices, t.CardID
	if n.ReplyTo != 0 {
		priority, reply = telegram.Answers, n.ReplyTo
	}
	if t.CardChatID != t.ChatID && n.ReplyTo == 0 {
		reply = 0
	}
	places := []telegram.Place{{Chat: t.ChatID, Thread: t.ThreadID, Reply: reply}, {Chat: t.ChatID}}
	if n.ReplyTo != 0 && t.ThreadID != 0 { // it may have been asked in General, where what is in a closed topic goes on
		places = slices.Insert(places, 1, telegram.Place{Chat: t.ChatID, Reply: reply})
	}
	chat, id, err = b.first(ctx, places, func(to telegram.Place) (int64, telegram.Verdict, error) { return b.postPart(ctx, to, priority, p) })
	if err == nil && id == 0 {
		b.log.Warn("nobody can be told what is new about a ticket", "chat", t.ChatID, "ticket", t.ID)
	}
	return chat, id, err
}

func (b *Bot) postPart(ctx context.Context, to telegram.Place, priority telegram.Priority, p part) (int64, telegram.Verdict, error) {
	if p.file == nil {
		return b.telegram.Post(ctx, to, priority, markup.Message{Text: p.text})
	}
	id, v, err := b.passOn(ctx, to, priority, *p.file)
	if v != telegram.Refused {
		return id, v, err
	}
	return b.telegram.Post(ctx, to, priority, markup.Message{Text: view.FileLink(*p.file)})
}

// passOn fetches an agent's file and posts it, a picture as a picture if Telegram takes it as one. refused also says that
// it cannot be fetched.
func (b *Bot) passOn(ctx context.Context, to telegram.Place, priority telegram.Priority, f view.ReplyFile) (int64, telegram.Verdict, error) {
	select { // few at a time bound the memory
	case b.fetching <- struct{}{}:
		defer func() { <-b.fetching }()
	case <-ctx.Done():
		return 0, telegram.Later, ctx.Err()
	}
	content, err := b.fetch(ctx, f.URL)
	if err != nil {
		return 0, telegram.Refused, err
	}
	file := telegram.File{Name: f.Name, Content: content}
	if strings.HasPrefix(f.MIME, "image/") && f.MIME != "image/svg+xml" && f.MIME != "image/gif" && len(content) <= maxPhoto {
		id, v, err := b.telegram.PostPhoto(ctx, to, priority, file)
		if v != telegram.Refused {
			return id, v, err
		}
	}
	return b.telegram.PostDocument(ctx, to, priority, file)
}

// fetch reads an agent's file. It carries no credentials: the address is LiveDesk's word, not ours.
func (b *Bot) fetch(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, errors.New("not a web address")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := b.agentFiles.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ContentLength > maxRelayed {
		return nil, fmt.Errorf("status %d, %d bytes", res.StatusCode, res.ContentLength)
	}
	content, err := io.ReadAll(io.LimitReader(res.Body, maxRelayed+1))
	if err == nil && len(content) > maxRelayed {
		err = errors.New("too large")
	}
	return content, err
}

// parts are the messages of a notice.
func (b *Bot) parts(ctx context.Context, t storage.Ticket, n storage.Notice) ([]part, error) {
	var who []storage.Person
	if view.Mentions(n) {
		var err error
		if who, err = b.mentioned(ctx, t); err != nil {
			return nil, err
		}
	}
	texts, files := b.view.Notice(t, n, who)
	var parts []part
	for i, text := range texts {
		parts = append(parts, part{text: text, nth: i})
	}
	for i := range files {
		parts = append(parts, part{file: &files[i], nth: i})
	}
	return parts, nil
}

// mentioned are the requester and the followers, so that they notice. In a private chat there is nobody else to notice.
func (b *Bot) mentioned(ctx context.Context, t storage.Ticket) ([]storage.Person, error) {
	if t.ChatID == t.SenderID {
		return nil, nil
	}
	people, err := b.store.Followers(ctx, t.ID)
	return people[:min(len(people), maxNamed)], err
}
