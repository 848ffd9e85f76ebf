package bot

import (
	"context"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// maxHelpTeams is how much of the names of teams /help shows; the buttons of a wrong one show them all.
const maxHelpTeams = 120

// start greets a person. What a link has put behind the command means nothing.
func (h handler) start(ctx context.Context, a asked) error {
	_, _, err := h.outbox.Answer(ctx, a.at, view.Start(h.speak(), a.private))
	return err
}

// explain answers with what the bot can do, the first screen.
func (h handler) explain(ctx context.Context, a asked) error {
	screens, err := h.helpIn(ctx, a.at.Chat)
	if err != nil {
		return err
	}
	_, _, err = h.outbox.Answer(ctx, a.at, view.Help(h.speak(), screens, 0))
	return err
}

// helpIn are the screens of /help in a chat.
func (h handler) helpIn(ctx context.Context, chat int64) ([]string, error) {
	staff, err := h.access.isStaffChat(ctx, chat)
	if err != nil {
		return nil, err
	}
	return h.help(staff), nil
}

// help are the screens that explain the commands: what everybody needs, in staff chats theirs, the options, and the other commands.
func (h handler) help(staff bool) []string {
	t := h.speak()
	first, options := []string{t.Text("help_intro")}, []string{t.Text("help_options")}
	var others, staffs []string
	for _, c := range commands {
		paragraph := func() string { return t.Text("help_"+c.name, "Bot", "@"+h.me.name()) }
		switch {
		case !c.help, c.reach == staffChats && !staff:
		case c.reach == staffChats:
			staffs = append(staffs, paragraph())
		case c.first:
			first = append(first, paragraph())
		default:
			others = append(others, paragraph())
		}
	}
	if len(h.cfg.Teams) > 0 {
		options = append(options, t.Text("help_teams",
			"Teams", markup.Shorten(h.view.TeamNames(), maxHelpTeams), "Team", markup.Shorten(h.cfg.Teams[0], maxHelpTeams/2)))
	}
	return view.HelpScreens(first, staffs, options, others)
}

// pressHelp handles the buttons of /start and /help: another screen in place of the one that stands, or the question that /ticket
// alone asks. Only a message that has the button is one of these.
func (h handler) pressHelp(ctx context.Context, say view.Language, update int64, p pressed) (string, error) {
	screen, ok := view.ParseHelpButton(p.data)
	switch {
	case !ok || !p.stands:
		return say.Text("press_help_old"), nil
	case screen == view.HelpAsk:
		return h.askPresser(ctx, say, update, p)
	}
	screens, err := h.helpIn(ctx, p.chat)
	if err != nil {
		return "", err
	}
	return "", h.replace(ctx, p, view.Help(say, screens, screen))
}

// askPresser asks who pressed for the ticket's text, once until they answer.
func (h handler) askPresser(ctx context.Context, say view.Language, update int64, p pressed) (string, error) {
	q := storage.Question{BotID: h.me.id, ChatID: p.chat, ThreadID: p.thread, AskedID: -update, SenderID: p.by.id}
	if ask, err := h.store.AskAboutTicket(ctx, q); err != nil || !ask {
		return say.Text("pressed_ask"), err
	}
	var who storage.Person
	if !p.private { // only so does the reply field open for this one person of the group
		who = storage.Person{ID: p.by.id, Name: p.by.name}
	}
	at, id, err := h.outbox.AnswerNear(ctx, telegram.Place{Chat: p.chat, Thread: p.thread, Reply: p.message}, view.Question(say, who))
	if err != nil || id == 0 {
		return "", err
	}
	q.ChatID = at.Chat
	return say.Text("pressed_ask"), h.work.Record(ctx, func() error { return h.store.Asked(ctx, q, id) })
}
