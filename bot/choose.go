package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// choose shows the values of a field, or sets one: for who asked for the ticket and for staff.
func (h handler) choose(ctx context.Context, say view.Language, c choice) (string, error) {
	t := c.ticket
	if c.action == "menu" && c.argument == "" {
		return h.goBack(ctx, say, c)
	}
	if allowed, err := h.access.mayChange(ctx, c.pressed, t); err != nil || !allowed {
		return say.Text("press_not_yours"), err
	}
	if !hasChoices(t) {
		return say.Text("press_late"), nil
	}
	if about, err := h.posts.isAbout(ctx, c.pressed, t); err != nil || !about {
		return say.Text("press_unknown"), err
	}
	field, value, _ := strings.Cut(c.argument, "=")
	switch {
	case view.Finished(t.Status): // the button is from before
		return say.Text("press_finished"), h.putButtons(ctx, c.pressed, view.CardButtons(say, t))
	case c.action == "menu" && view.Choices[field] != nil:
		return "", h.putButtons(ctx, c.pressed, view.MenuButtons(say, t, field))
	case c.action == "set" && slices.Contains(view.Choices[field], value):
		if err := h.set(ctx, c, field, value); err != nil {
			return "", err
		}
		return say.Text("pressed_set"), h.putButtons(ctx, c.pressed, view.CardButtons(say, t))
	}
	return say.Text("press_unknown"), nil
}

// hasChoices reports whether a ticket's card has the buttons that others may stand in place of; one that is unconfirmed has its own.
func hasChoices(t storage.Ticket) bool {
	return t.State == storage.StateCreated && t.TicketID != "" && t.Status != view.StatusGone
}

// goBack puts the card's buttons back in place of a choice, which anybody may do: everybody may have asked to follow.
func (h handler) goBack(ctx context.Context, say view.Language, c choice) (string, error) {
	if !hasChoices(c.ticket) {
		return say.Text("press_late"), nil
	}
	if about, err := h.posts.isAbout(ctx, c.pressed, c.ticket); err != nil || !about {
		return say.Text("press_unknown"), err
	}
	return "", h.putButtons(ctx, c.pressed, view.CardButtons(say, c.ticket))
}

// chooseTeam opens a ticket that was refused for its team with one that there is: for who asked for it, once.
func (h handler) chooseTeam(ctx context.Context, say view.Language, c choice) (string, error) {
	if asked, err := h.access.isRequester(ctx, c.by.id, c.ticket); err != nil || !asked {
		return say.Text("press_requester_only"), err
	}
	i := slices.IndexFunc(h.cfg.Teams, func(team string) bool { return view.TeamKey(team) == c.argument })
	if i < 0 {
		return say.Text("press_unknown"), nil
	}
	request := view.RequestIn(c.ticket)
	request.AssignmentTeam = h.cfg.Teams[i]
	err := h.resubmit(ctx, c.ticket.ID, request)
	if errors.Is(err, storage.ErrNotFound) {
		return say.Text("press_late"), nil
	}
	return say.Text("pressed_team"), err
}

// resubmit opens a ticket that was refused for its team with another request. storage.ErrNotFound: that has happened.
func (h handler) resubmit(ctx context.Context, id int64, request livedesk.NewTicket) error {
	err := h.store.Resubmit(ctx, id, storage.Resubmission{
		Reason: view.ReasonTeam, Request: view.EncodeRequest(request), Team: strings.ToLower(request.AssignmentTeam), TellAfter: patience, Gather: gatherFiles,
	})
	h.desk.Wake()
	return err
}

// set changes a field of a ticket to one of the choices.
func (h handler) set(ctx context.Context, c choice, field, value string) error {
	kind := map[string]storage.AdditionKind{"priority": storage.AddPriority, "type": storage.AddType}[field]
	addition := view.NewAddition(pressRef(h.me.id, c.update), c.ticket.ID, kind, view.Value{Value: value})
	addition.SenderID = c.by.id
	err := h.store.Add(ctx, addition, nil, h.me.id, 0)
	if err == nil {
		h.desk.Look()
	}
	return err
}

// pressRef names what a press asks for.
func pressRef(bot, update int64) string { return fmt.Sprintf("%d/press/%d", bot, update) }

// putButtons puts buttons in place of those that were pressed. Where Telegram does not want them, they stay.
func (h handler) putButtons(ctx context.Context, p pressed, buttons [][]markup.Button) error {
	if v, err := h.telegram.EditButtons(ctx, p.chat, p.message, buttons); v == telegram.Later {
		return err
	}
	return nil
}
