package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// patience is how long a ticket may wait for its turn before its person is told that it waits.
const patience = 3 * time.Second

// openTicket handles /ticket. The answer to the bot's question goes through it too.
func (h handler) openTicket(ctx context.Context, update int64, a asked, answers storage.Question) (bool, error) {
	if a.quoted != nil && a.quoted.mine && (answers.AskedID != 0 || h.isQuestion(a.quoted)) {
		a.quoted = nil
	}
	text := h.options().parse(a.args)
	if answers.AskedID != 0 {
		text = text.orElse(h.options().parse(answers.Options).defaults())
		a.args = answers.Options + " " + a.args // it is asked once more where these are options alone
	}
	if a.quoted != nil {
		text.description = view.AppendBlock(text.description, h.quote(a.cited()))
	}
	files := filesOf(&a.message, a.quoted)
	if text.title == "" && a.quoted == nil && len(files) == 0 {
		return false, h.ask(ctx, a)
	}
	text.title = cmp.Or(text.title, h.titleWithout(a))
	t, err := h.compose(a, text)
	if err != nil {
		return false, err
	}
	t.Answers = answers.AskedID
	h.gather(&t, a, files)
	return h.open(ctx, update, a, t)
}

// fresh is how soon a command must arrive to be opened before it is journalled. What comes later may have been delivered before, to a
// process that died with it; the journal knows how often that happened.
const fresh = 10 * time.Second

// Opens returns what opens the ticket of a command in a group that has words and nothing else: no file, no message that it answers.
func (h handler) Opens(u *models.Update) func(context.Context) bool {
	if !h.me.isKnown() || h.otherName(u) != "" {
		return nil
	}
	w, ok := h.route(u).(wantTicket)
	if !ok || w.private || w.quoted != nil || w.file != nil || w.album != "" || time.Since(w.sent) > fresh {
		return nil
	}
	text := h.options().parse(w.args)
	if text.title == "" {
		return nil
	}
	return func(ctx context.Context) bool { return h.openAtOnce(ctx, u.ID, w, text) == nil }
}

// errSeveral says that more than a ticket comes of an update.
var errSeveral = errors.New("not only a ticket")

// openAtOnce opens the ticket of an update that is not journalled yet.
func (h handler) openAtOnce(ctx context.Context, update int64, w wantTicket, text ticketText) (err error) {
	if why, err := h.access.bar(ctx, w.at.Chat, w.by.id); err != nil || why != barNone {
		return cmp.Or(err, errSeveral)
	}
	if h.here, err = h.places.at(ctx, w.at.Chat, w.at.Thread); err != nil {
		return err
	}
	t, err := h.compose(w.asked, text)
	if err != nil {
		return err
	}
	t.Arriving = true
	if err := h.submit(ctx, update, w.asked, t); err != nil {
		return err
	}
	h.work.Go(func() { door{h}.noteUse(ctx, w) })
	return nil
}

// titleWithout is the title of a ticket whose message has no words.
func (h handler) titleWithout(a asked) string {
	if a.quoted != nil {
		return h.titleOf(a.cited())
	}
	return h.view.Kind(a.kind) + " – " + a.by.name
}

// gather makes a ticket wait a little for its files, those of albums included.
func (h handler) gather(t *storage.NewTicket, a asked, files []storage.File) {
	t.Files, t.Album = files, a.album
	if t.Album == "" && a.quoted != nil {
		t.Album = a.quoted.album
	}
	if len(files) == 0 || t.State == storage.StateRefused {
		return
	}
	t.Gather, t.TellAfter = gatherFiles, gatherFiles+patience
	if t.Album != "" {
		t.Hold = albumHold
	}
}

// compose makes the ticket that a message asks for.
func (h handler) compose(a asked, text ticketText) (storage.NewTicket, error) {
	t := storage.NewTicket{
		Ref: h.ref(a), BotID: h.me.id, ChatID: a.at.Chat, ThreadID: a.at.Thread, MessageID: a.at.Reply,
		SenderID: a.by.id, SenderName: a.by.name, Language: cmp.Or(h.here.language(), h.cfg.Language), PerMinute: h.cfg.PerMinute,
		State: storage.StateWaiting, TellAfter: patience, Fed: len(h.cfg.Feeds) > 0,
	}
	if a.by.user {
		t.Followers = append(t.Followers, storage.Person{ID: a.by.id, Name: a.by.name})
	}
	for _, p := range a.people {
		if p.ID != a.by.id {
			t.Followers = append(t.Followers, p)
		}
	}
	text = text.orElse(h.here.defaults())
	team, known := h.team(text.team)
	if !known {
		t.State, t.Reason, t.Detail = storage.StateRefused, view.ReasonTeam, markup.Shorten(text.team, 100)
	}
	text.team, t.Team = team, strings.ToLower(team)
	var err error
	t.Request, err = json.Marshal(h.request(t, text))
	return t, err
}

// ref names the message that asked for something, everywhere and for ever: its telegram_ref.
func (h handler) ref(a asked) string { return refOf(h.me.id, a.at) }

func refOf(bot int64, message telegram.Place) string {
	return fmt.Sprintf("%d/%d/%d", bot, message.Chat, message.Reply)
}

// request is the body of the create request.
func (h handler) request(t storage.NewTicket, text ticketText) livedesk.NewTicket {
	contact := &livedesk.ChannelContact{ChannelID: cmp.Or(h.here.defaults().Channel, h.cfg.ChannelID), ContactID: strconv.FormatInt(t.ChatID, 10)}
	if t.ThreadID != 0 {
		contact.SubContactID = strconv.FormatInt(t.ThreadID, 10)
	}
	for _, f := range t.Followers {
		contact.Followers = append(contact.Followers, livedesk.Follower{ID: strconv.FormatInt(f.ID, 10), Name: f.Name})
	}
	fields := text.fields
	if fields == nil {
		fields = map[string]string{}
	}
	fields["telegram_ref"] = t.Ref
	r := livedesk.NewTicket{
		Title: text.title, Description: text.description,
		Requester:      livedesk.Requester{EUID: h.here.defaults().EUID, ChannelContacts: contact},
		AssignmentTeam: text.team, Priority: livedesk.Priority(text.priority), Type: livedesk.TicketType(text.ticketType),
		CustomFields: fields,
	}
	if member, ok := h.cfg.StaffMembers[t.SenderID]; ok {
		r.Submitter = &livedesk.Member{ID: member}
	}
	return r
}

// options are what people may set in their commands.
func (h handler) options() options { return options{teams: h.cfg.Teams, fields: h.cfg.CustomFields} }

// team returns the name of a team as LiveDesk knows it. No name is no team, which is fine.
func (h handler) team(typed string) (string, bool) {
	if typed == "" {
		return "", true
	}
	for _, team := range h.cfg.Teams {
		if strings.EqualFold(team, typed) {
			return team, true
		}
	}
	return "", false
}

// open stores the ticket and begins its way to LiveDesk.
func (h handler) open(ctx context.Context, update int64, a asked, t storage.NewTicket) (bool, error) {
	switch err := h.submit(ctx, update, a, t); {
	case errors.Is(err, storage.ErrExists):
		return true, nil
	case errors.Is(err, storage.ErrTooMany):
		return false, h.say(ctx, a, h.speak().Text("too_many", "Count", h.cfg.PerMinute))
	case err != nil:
		return false, err
	}
	return true, nil
}

// submit stores the ticket and begins its way to LiveDesk. storage.ErrExists, storage.ErrTooMany: nothing was stored.
func (h handler) submit(ctx context.Context, update int64, a asked, t storage.NewTicket) error {
	h.names.note(ctx, a) // before the ticket, whose first card in the staff feed says the names
	ticket, err := h.desk.Open(ctx, update, t)
	if err != nil {
		return err
	}
	h.outbox.BusyWith(ticket)
	h.log.Info("ticket asked for", "ticket", ticket.ID, "chat", ticket.ChatID, "topic", ticket.ThreadID, "update", update)
	return nil
}

// titleOf is the title of a ticket that a reply makes of a message.
func (h handler) titleOf(m message) string {
	if t := parseTitle(m.text); t != "" {
		return t
	}
	return h.view.Kind(m.kind)
}

func parseTitle(text string) string {
	line, _ := firstLine(markup.Clean(text))
	return shortTitle(markup.Line(line))
}

// quote is a message as a Markdown quotation.
func (h handler) quote(m message) string {
	text := strings.TrimSpace(markup.Clean(m.text))
	if text == "" {
		text = "[" + h.view.Kind(m.kind) + "]"
	}
	return h.view.Quoted(m.author, m.sent, text)
}
