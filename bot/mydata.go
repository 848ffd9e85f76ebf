package bot

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// myData handles /mydata: in private it shows what is stored about the person, with a button that has it forgotten.
func (h handler) myData(ctx context.Context, a asked) error {
	say := h.speak()
	if !a.private {
		return h.say(ctx, a, say.Text("mydata_private", "Bot", h.me.name()))
	}
	f, err := h.store.Forgetting(ctx, a.by.id)
	if err == nil && f.AskedAt != nil {
		return h.say(ctx, a, say.Text("forget_busy"))
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	d, err := h.store.DataOf(ctx, a.by.id)
	if err != nil {
		return err
	}
	if d.Nothing() {
		return h.say(ctx, a, say.Text("mydata_nothing"))
	}
	groups, err := h.groupNames(ctx, d.Groups)
	if err != nil {
		return err
	}
	chosen, err := h.places.at(ctx, a.at.Chat, 0)
	if err != nil {
		return err
	}
	_, id, err := h.outbox.Answer(ctx, a.at, h.view.MyData(say, d, chosen.language(), groups, h.cfg.Retention))
	if err != nil || id == 0 {
		return err
	}
	return h.work.Record(ctx, func() error { return h.store.OfferForgetting(ctx, a.by.id, id) })
}

// groupNames are what groups are called, those without a known name by their ids.
func (h handler) groupNames(ctx context.Context, groups []int64) ([]string, error) {
	places := make([]storage.Ticket, len(groups))
	for i, g := range groups {
		places[i].ChatID = g
	}
	known, err := h.store.NamesOf(ctx, places...)
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = cmp.Or(known[storage.PlaceKey{Chat: g}], strconv.FormatInt(g, 10))
	}
	return names, err
}

// pressForget handles the buttons of /mydata: the first asks once more, the second forgets the person who presses it. Only the
// message that was shown last counts, for the person to whom it was shown.
func (h handler) pressForget(ctx context.Context, p pressed) (string, error) {
	say := h.speak()
	f, err := h.store.Forgetting(ctx, p.by.id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return say.Text("forget_late"), nil
	case err != nil:
		return "", err
	case p.chat != p.by.id || p.message != f.MessageID:
		return say.Text("forget_late"), nil
	case p.data != view.ForgetNow || !f.Sure:
		return "", h.makeSure(ctx, say, p, f)
	}
	if f.AskedAt == nil {
		if _, err := h.cleaner.begin(ctx, p.by.id); err != nil {
			return "", err
		}
		h.places.known.forget(p.chat)
		h.access.usedIn.forget(p.by.id)
		h.log.Info("a person is forgotten by their own wish")
	}
	return "", h.replace(ctx, p, markup.Message{Text: say.Text("forgotten")})
}

// makeSure asks once more before a person is forgotten.
func (h handler) makeSure(ctx context.Context, say view.Language, p pressed, f storage.Forgetting) error {
	if f.AskedAt != nil {
		return nil // an older press, which is handled again
	}
	if err := h.store.MakeSure(ctx, p.by.id, p.message); err != nil {
		return err
	}
	return h.replace(ctx, p, h.view.ForgetSure(say))
}
