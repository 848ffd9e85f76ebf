package page

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"livedeskbot/bot/telegram/telegramtest"
)

// Longest text of a message and of a caption, as Telegram has them for people.
const (
	maxText    = 4096
	maxCaption = 1024
)

// emoji are the reactions offered, a handful of those that Telegram has.
var emoji = telegramtest.Emoji()[:16]

// saying is what a person wants to write.
type saying struct {
	by
	Topic    int      `json:"topic"`
	Text     string   `json:"text"`
	ReplyTo  int      `json:"reply_to"`
	Quote    string   `json:"quote"`
	Mentions []int64  `json:"mentions"` // people named in the text
	Files    []string `json:"files"`    // ids of uploads; several make an album
}

func (p *Page) say(r *http.Request) (any, error) {
	ch, err := p.chat(r)
	if err != nil {
		return nil, err
	}
	s, who, err := readBy[saying](p, r)
	if err != nil {
		return nil, err
	}
	where, err := p.mayWrite(ch, who, s.Topic)
	if err != nil {
		return nil, err
	}
	s.Text = strings.TrimSpace(s.Text) // as Telegram's clients do
	how, err := p.how(ch, s)
	if err != nil {
		return nil, err
	}
	files, err := p.files(s)
	if err != nil {
		return nil, err
	}
	sent := p.send(who, where, s.Text, files, how)
	ids := make([]int, len(sent))
	for i, m := range sent {
		ids[i] = m.ID
	}
	return map[string][]int{"ids": ids}, nil
}

func (p *Page) send(
	who *telegramtest.Person, where telegramtest.Place, text string, files []*telegramtest.File, how []telegramtest.Saying,
) []*telegramtest.Message {
	switch len(files) {
	case 0:
		return []*telegramtest.Message{p.Telegram.Say(who, where, text, how...)}
	case 1:
		return []*telegramtest.Message{p.Telegram.Say(who, where, text, append(how, telegramtest.Attached(files[0]))...)}
	}
	return p.Telegram.Album(who, where, text, files, how...)
}

// mayWrite finds the place and refuses what Telegram would not let a person do there.
func (p *Page) mayWrite(ch *telegramtest.Chat, who *telegramtest.Person, topic int) (telegramtest.Place, error) {
	where, err := place(ch, topic)
	if err != nil {
		return nil, err
	}
	c := p.chatOf(ch, noTime)
	admin := slices.ContainsFunc(c.Members, func(m Person) bool {
		return m.ID == who.ID && (m.Status == string(telegramtest.Creator) || m.Status == string(telegramtest.Administrator))
	})
	switch {
	case c.Gone:
		return nil, bad("Nobody can write in this chat any more.")
	case c.Kind == "private" && ch.ID != who.ID:
		return nil, bad("This is the private chat of %s.", c.Title)
	case !admin && slices.ContainsFunc(c.Topics, func(t Topic) bool { return t.ID == topic && t.Closed }):
		return nil, bad("This topic is closed: only administrators can write here.")
	}
	return where, nil
}

func (p *Page) how(ch *telegramtest.Chat, s saying) ([]telegramtest.Saying, error) {
	var how []telegramtest.Saying
	if s.ReplyTo != 0 {
		to := ch.Message(s.ReplyTo)
		if to == nil {
			return nil, bad("The message to reply to is gone.")
		}
		how = append(how, telegramtest.ReplyTo(to))
		if s.Quote != "" {
			how = append(how, telegramtest.Quoting(s.Quote))
		}
	}
	for _, id := range s.Mentions {
		who, err := p.person(id)
		if err != nil {
			return nil, err
		}
		how = append(how, telegramtest.Mentioning(who))
	}
	return how, nil
}

// files takes the uploads that a message names and checks its text.
func (p *Page) files(s saying) ([]*telegramtest.File, error) {
	limit := maxText
	if len(s.Files) > 0 {
		limit = maxCaption
	}
	switch {
	case s.Text == "" && len(s.Files) == 0:
		return nil, bad("There is nothing to send.")
	case telegramtest.UTF16Len(s.Text) > limit:
		return nil, bad("The text is too long: Telegram takes %d characters here.", limit)
	case len(s.Files) > maxAlbum:
		return nil, bad("Telegram takes at most %d files at once.", maxAlbum)
	}
	var files []*telegramtest.File
	for _, id := range s.Files {
		up, ok := p.uploads.take(id)
		if !ok {
			return nil, bad("That file is not here any more. Choose it again.")
		}
		files = append(files, p.Telegram.NewFile(kindOf(up), up.name, up.kind, up.content))
	}
	return files, nil
}

const maxAlbum = 10

// kindOf is what a Telegram client sends a file as.
func kindOf(up uploaded) telegramtest.Kind {
	family, _, _ := strings.Cut(up.kind, "/")
	switch {
	case up.kind == "image/gif":
		return telegramtest.Animation
	case family == "image" && up.kind != "image/svg+xml":
		return telegramtest.Photo
	case family == "video":
		return telegramtest.Video
	case up.kind == "audio/ogg":
		return telegramtest.Voice
	case family == "audio":
		return telegramtest.Audio
	}
	return telegramtest.Document
}

func (p *Page) edit(r *http.Request) (any, error) {
	m, err := p.message(r)
	if err != nil {
		return nil, err
	}
	wish, err := read[struct {
		Text string `json:"text"`
	}](r)
	text := strings.TrimSpace(wish.Text)
	switch {
	case err != nil:
		return nil, err
	case m.FromBot || m.Notice() != "":
		return nil, bad("Only what people wrote can be edited here.")
	case text == "" && m.File == nil:
		return nil, bad("A message cannot be empty.")
	case telegramtest.UTF16Len(text) > maxText:
		return nil, bad("The text is too long: Telegram takes %d characters here.", maxText)
	}
	p.Telegram.Edit(m, text)
	return nil, nil
}

func (p *Page) remove(r *http.Request) (any, error) {
	m, err := p.message(r)
	if err != nil {
		return nil, err
	}
	p.Telegram.Remove(m)
	return nil, nil
}

func (p *Page) press(r *http.Request) (any, error) {
	m, err := p.message(r)
	if err != nil {
		return nil, err
	}
	wish, who, err := readBy[struct {
		by
		Data string `json:"data"`
	}](p, r)
	if err != nil {
		return nil, err
	}
	press, err := p.Telegram.Press(who, m, wish.Data)
	if err != nil {
		return nil, refuse(http.StatusConflict, "This button is not there any more.")
	}
	return map[string]string{"press": press.ID}, nil
}

func (p *Page) react(r *http.Request) (any, error) {
	m, err := p.message(r)
	if err != nil {
		return nil, err
	}
	wish, who, err := readBy[struct {
		by
		Emoji string `json:"emoji"`
	}](p, r)
	if err != nil {
		return nil, err
	}
	if wish.Emoji != "" && !slices.Contains(telegramtest.Emoji(), wish.Emoji) {
		return nil, bad("Telegram has no such reaction.")
	}
	p.Telegram.React(who, m, wish.Emoji)
	return nil, nil
}

// earlier returns the messages of a topic before one that is known.
func (p *Page) earlier(r *http.Request) (any, error) {
	ch, err := p.chat(r)
	if err != nil {
		return nil, err
	}
	topic, _ := strconv.Atoi(r.FormValue("topic"))
	before, err := strconv.Atoi(r.FormValue("before"))
	if err != nil {
		return nil, bad("Before which message?")
	}
	found := []Message{}
	for _, m := range slices.Backward(ch.Messages()) {
		if len(found) == pageSize {
			break
		}
		if shown := messageOf(m); m.ID < before && !m.Deleted && shown.Topic == topic {
			found = append(found, shown)
		}
	}
	slices.Reverse(found)
	return found, nil
}
