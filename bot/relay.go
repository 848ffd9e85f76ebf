package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"livedeskbot/storage"
)

const (
	// maxRelayed bounds a file of an agent: Telegram's library holds an upload in memory.
	maxRelayed = 20 << 20
	// maxPhoto is what Telegram takes as a photo. https://core.telegram.org/bots/api#sendphoto
	maxPhoto = 10 << 20
	// maxNamed is how many people one message mentions.
	maxNamed = 5
)

// part is one message of a notice: a text or a file.
type part struct {
	text string
	file *replyFile
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

// tellNotice tells one notice, from the part on at which it was left.
func (b *Bot) tellNotice(ctx context.Context, t storage.Ticket, n storage.Notice) error {
	parts, err := b.parts(ctx, t, n)
	if err != nil {
		return err
	}
	if n.MessageID != 0 && n.PartsSent == 0 { // the agent has edited a reply that stands in the chat
		v, err := b.edit(ctx, n.ChatID, n.MessageID, notices, message{text: parts[0].text})
		if v == later || v == moved {
			return err
		}
		return b.persist(ctx, func() error { return b.store.RecordPart(ctx, n, t.TicketID, n.ChatID, n.MessageID, true) })
	}
	for i := n.PartsSent; i < len(parts); i++ {
		chat, id, err := b.tellPart(ctx, t, n, parts[i])
		if err != nil {
			return err
		}
		last := i == len(parts)-1 || id == 0
		if err := b.persist(ctx, func() error { return b.store.RecordPart(ctx, n, t.TicketID, chat, id, last) }); err != nil {
			return err
		}
		if last {
			break
		}
	}
	return nil
}

// tellPart posts one message of a notice: as a reply to the card or to the message it answers, else into General. Where
// the chat is lost nobody is told: it is their chat's business, and the ticket can be asked for again.
func (b *Bot) tellPart(ctx context.Context, t storage.Ticket, n storage.Notice, p part) (chat, id int64, err error) {
	priority, reply := notices, t.CardID
	if n.ReplyTo != 0 {
		priority, reply = answers, n.ReplyTo
	}
	if t.CardChatID != t.ChatID && n.ReplyTo == 0 {
		reply = 0
	}
	for _, to := range []place{{chat: t.ChatID, thread: t.ThreadID, reply: reply}, {chat: t.ChatID}} {
		id, v, err := b.postPart(ctx, to, priority, p)
		switch v {
		case done:
			return to.chat, id, nil
		case later:
			return 0, 0, err
		case moved:
			if _, err := b.follow(ctx, to, err); err != nil {
				return 0, 0, err
			}
			return 0, 0, errMoved
		case lost:
			return 0, 0, b.lose(ctx, to.chat, err)
		}
	}
	b.log.Warn("Telegram does not take a message about a ticket", "chat", t.ChatID, "ticket", t.ID)
	return 0, 0, nil
}

func (b *Bot) postPart(ctx context.Context, to place, priority int, p part) (int64, verdict, error) {
	if p.file == nil {
		return b.post(ctx, to, priority, message{text: p.text})
	}
	content, err := b.fetch(ctx, p.file.URL)
	if err == nil {
		id, v, err := b.postFile(ctx, to, priority, *p.file, content)
		if v != refused {
			return id, v, err
		}
	}
	return b.post(ctx, to, priority, message{text: fileLink(*p.file)})
}

// fileLink stands for a file that Telegram does not take or that cannot be fetched.
func fileLink(f replyFile) string {
	name := escape(isolate(f.Name))
	if u, err := url.Parse(f.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "📎 " + name
	}
	return fmt.Sprintf(`📎 <a href="%s">%s</a>`, escape(f.URL), name)
}

// postFile sends a file as what it is.
func (b *Bot) postFile(ctx context.Context, to place, priority int, f replyFile, content []byte) (int64, verdict, error) {
	var sent *models.Message
	v, err := b.call(ctx, to.chat, priority, func(ctx context.Context) (err error) {
		upload := &models.InputFileUpload{Filename: f.Name, Data: strings.NewReader(string(content))}
		if strings.HasPrefix(f.MIME, "image/") && f.MIME != "image/svg+xml" && f.MIME != "image/gif" && len(content) <= maxPhoto {
			sent, err = b.telegram.SendPhoto(ctx, &tg.SendPhotoParams{
				ChatID: to.chat, MessageThreadID: int(to.thread), Photo: upload, ReplyParameters: replyTo(to.reply),
			})
		} else {
			sent, err = b.telegram.SendDocument(ctx, &tg.SendDocumentParams{
				ChatID: to.chat, MessageThreadID: int(to.thread), Document: upload, ReplyParameters: replyTo(to.reply),
			})
		}
		if err == nil && sent.ID == 0 {
			return errors.New("Telegram confirmed a file without its number")
		}
		return err
	})
	if v != done {
		return 0, v, err
	}
	return int64(sent.ID), done, nil
}

// fetch reads an agent's file. It carries no credentials: the address is LiveDesk's word, not ours.
func (b *Bot) fetch(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, errors.New("not a web address")
	}
	select { // one at a time bounds the memory
	case b.fetching <- struct{}{}:
		defer func() { <-b.fetching }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := b.telegram.files.Do(req)
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
	say := b.texts.in(t.Language)
	var text string
	var files []replyFile
	switch n.Kind {
	case noticeReply:
		var c replyContent
		_ = json.Unmarshal(n.Content, &c)
		who, err := b.named(ctx, t)
		if err != nil {
			return nil, err
		}
		text = say.say("relayed", "Who", c.Who, "Number", t.TicketID, "People", safe(who)) + "\n" + markdownToHTML(clean(c.Text))
		files = c.Files
	case noticeStatus:
		var c statusContent
		_ = json.Unmarshal(n.Content, &c)
		who, err := b.named(ctx, t)
		if err != nil {
			return nil, err
		}
		text = say.say(statusText(c), "Number", t.TicketID, "People", safe(who), "Status", safe(say.word("status", c.Status)), "Title", titleIn(t))
	default:
		var c answerContent
		_ = json.Unmarshal(n.Content, &c)
		text = say.say(c.Text, "Number", t.TicketID, "Name", shorten(c.Name, 60))
	}
	var parts []part
	for _, piece := range splitHTML(text, maxText) {
		parts = append(parts, part{text: piece})
	}
	for i := range files {
		parts = append(parts, part{file: &files[i]})
	}
	return parts, nil
}

func statusText(c statusContent) string {
	switch {
	case c.Again:
		return "status_reopened"
	case c.Status == statusGone:
		return "vanished"
	case finished(c.Status):
		return "status_finished"
	}
	return "status_needs_you"
}

func titleIn(t storage.Ticket) string {
	var v view
	_ = json.Unmarshal(t.View, &v)
	return shorten(v.Title, 100)
}

// named mentions the requester and the followers, so that they notice. In a private chat there is nobody else to notice.
func (b *Bot) named(ctx context.Context, t storage.Ticket) (string, error) {
	if t.ChatID == t.SenderID {
		return "", nil
	}
	people, err := b.store.Followers(ctx, t.ID)
	if err != nil {
		return "", err
	}
	var names []string
	for _, p := range people[:min(len(people), maxNamed)] {
		names = append(names, mention(p.ID, shorten(p.Name, 40)))
	}
	return strings.Join(names, ", "), nil
}
