package page

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"livedeskbot/bot/telegram/telegramtest"
)

// noTime is before everything, where it does not matter what the bot is doing.
var noTime time.Time

// longest name of a person or chat, in characters.
const maxName = 128

// Menu is what a client offers in a chat.
type Menu struct {
	Commands    []telegramtest.Command `json:"commands"`
	Description string                 `json:"description,omitempty"` // of the bot, in an empty private chat
}

func (p *Page) menu(r *http.Request) (any, error) {
	ch, err := p.chat(r)
	if err != nil {
		return nil, err
	}
	id, _ := strconv.ParseInt(r.FormValue("person"), 10, 64)
	who, err := p.person(id)
	if err != nil {
		return nil, err
	}
	language, _, _ := strings.Cut(strings.ToLower(who.Language), "-")
	m := Menu{Commands: p.Telegram.Commands(ch, who), Description: p.Telegram.Description(language)}
	if m.Description == "" {
		m.Description = p.Telegram.Description("")
	}
	return m, nil
}

func (p *Page) newPerson(r *http.Request) (any, error) {
	wish, err := read[struct {
		Name     string `json:"name"`
		Username string `json:"username"`
		Language string `json:"language"`
	}](r)
	if err != nil {
		return nil, err
	}
	if err := named(wish.Name); err != nil {
		return nil, err
	}
	who := p.Telegram.NewPerson(wish.Name, telegramtest.Username(wish.Username), telegramtest.Language(wish.Language))
	return made[int64]{who.ID}, nil
}

func named(name string) error {
	if n := len([]rune(strings.TrimSpace(name))); n == 0 || n > maxName {
		return bad("A name has 1 to %d characters.", maxName)
	}
	return nil
}

// newChat makes a chat as Telegram's clients do: by a person, who then adds the bot.
func (p *Page) newChat(r *http.Request) (any, error) {
	wish, who, err := readBy[struct {
		by
		Kind  string `json:"kind"`
		Title string `json:"title"`
	}](p, r)
	if err != nil {
		return nil, err
	}
	if wish.Kind == "private" {
		return made[int64]{p.Telegram.Private(who).ID}, nil
	}
	makers := map[string]func(string, ...telegramtest.With) *telegramtest.Chat{
		"group": p.Telegram.NewGroup, "supergroup": p.Telegram.NewSupergroup, "forum": p.Telegram.NewForum,
	}
	makeChat, ok := makers[wish.Kind]
	if !ok {
		return nil, bad("A chat is a group, supergroup, forum or private.")
	}
	if err := named(wish.Title); err != nil {
		return nil, err
	}
	ch := makeChat(wish.Title)
	ch.SetMember(who, telegramtest.Creator)
	ch.SetBot(telegramtest.Member, who)
	p.Troubles.again()
	return made[int64]{ch.ID}, nil
}

func (p *Page) join(r *http.Request) (any, error) {
	ch, who, err := p.chatAndPerson(r)
	if err != nil {
		return nil, err
	}
	if ch.Look().Kind == "private" {
		return nil, bad("Nobody else can join a private chat.")
	}
	ch.Join(who)
	return nil, nil
}

// chatAndPerson reads a call that names nothing but these.
func (p *Page) chatAndPerson(r *http.Request) (*telegramtest.Chat, *telegramtest.Person, error) {
	ch, err := p.chat(r)
	if err != nil {
		return nil, nil, err
	}
	_, who, err := readBy[by](p, r)
	return ch, who, err
}

func (p *Page) newTopic(r *http.Request) (any, error) {
	ch, err := p.chat(r)
	if err != nil {
		return nil, err
	}
	wish, err := read[struct {
		Name string `json:"name"`
	}](r)
	if err != nil {
		return nil, err
	}
	if !ch.Look().Forum {
		return nil, bad("This chat has no topics.")
	}
	if err := named(wish.Name); err != nil {
		return nil, err
	}
	return made[int]{ch.NewTopic(wish.Name).ID}, nil
}

func (p *Page) changeTopic(r *http.Request) (any, error) {
	ch, err := p.chat(r)
	if err != nil {
		return nil, err
	}
	id, _ := strconv.Atoi(r.PathValue("topic"))
	topic := ch.Topic(id)
	wish, err := read[struct {
		Closed bool `json:"closed"`
	}](r)
	switch {
	case err != nil:
		return nil, err
	case !ch.Look().Forum || topic == nil && id != 0:
		return nil, refuse(http.StatusNotFound, "There is no such topic.")
	case id == 0 && wish.Closed:
		ch.CloseGeneral()
	case id == 0:
		ch.ReopenGeneral()
	case wish.Closed:
		topic.Close()
	default:
		topic.Reopen()
	}
	return nil, nil
}

func (p *Page) changeBot(r *http.Request) (any, error) {
	ch, err := p.chat(r)
	if err != nil {
		return nil, err
	}
	wish, who, err := readBy[struct {
		by
		Status string `json:"status"`
	}](p, r)
	if err != nil {
		return nil, err
	}
	status := telegramtest.Status(wish.Status)
	offered := []telegramtest.Status{
		telegramtest.Member, telegramtest.Administrator, telegramtest.Restricted, telegramtest.Left,
	}
	private := ch.Look().Kind == "private"
	switch {
	case !slices.Contains(offered, status):
		return nil, bad("The bot can be member, administrator, restricted or left.")
	case private && status == telegramtest.Left:
		ch.Block()
	case private:
		ch.Unblock()
	default:
		ch.SetBot(status, who)
	}
	return nil, nil
}

func (p *Page) upgrade(r *http.Request) (any, error) {
	ch, who, err := p.chatAndPerson(r)
	if err != nil {
		return nil, err
	}
	if l := ch.Look(); l.Kind != "group" || l.Gone {
		return nil, bad("Only a basic group can become a supergroup.")
	}
	super := ch.Upgrade(who)
	p.Troubles.again()
	return made[int64]{super.ID}, nil
}
