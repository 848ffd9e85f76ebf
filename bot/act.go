package bot

import (
	"context"

	"github.com/go-telegram/bot/models"

	"livedeskbot/bot/view"
)

// Handle does what an update wants, once the bot's name is known.
func (h handler) Handle(ctx context.Context, u *models.Update) (finished bool, err error) {
	select {
	case <-h.me.known:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	// Before a command is another bot's, Telegram is asked whether that is our new name.
	if name := h.otherName(u); name != "" {
		if err := h.me.settle(name, func() error { return h.me.askName(ctx, h.telegram, h.log) }); err != nil {
			return false, err
		}
	}
	want := h.route(u)
	if h.here, err = h.holding(ctx, want); err != nil {
		return false, err
	}
	door := door{h}
	if away, err := door.turnAway(ctx, u.ID, want); err != nil || away {
		return false, err
	}
	if finished, err = h.act(ctx, u.ID, want); err == nil {
		door.noteUse(ctx, want)
	}
	return finished, err
}

// act does what an update wants. finished says that the update is already marked as done, in the same commit as what came
// of it. An error means that it is to be tried again.
func (h handler) act(ctx context.Context, update int64, want any) (finished bool, err error) {
	switch w := want.(type) {
	case wantTicket:
		return h.askedForTicket(ctx, update, w.asked)
	case answered:
		return h.answer(ctx, update, w.asked)
	case edited:
		return h.rewrite(ctx, update, w.asked)
	case albumPart:
		_, err := h.addAlbumPart(ctx, w)
		return false, err
	case wantFollow:
		return false, h.follow(ctx, w.asked, true)
	case wantUnfollow:
		return false, h.follow(ctx, w.asked, false)
	case wantSetup:
		return false, placeSetup{h}.setup(ctx, w.asked)
	case wantLanguage:
		return false, placeSetup{h}.chooseLanguage(ctx, w.asked)
	case wantMyData:
		return false, h.myData(ctx, w.asked)
	case wantStatus:
		return h.status(ctx, update, w.asked)
	case wantStart:
		return false, h.start(ctx, w.asked)
	case wantHelp:
		return false, h.explain(ctx, w.asked)
	case wantChats:
		return false, door{h}.inStaffChat(ctx, w.asked, chatList{h}.list)
	case wantBlock:
		return false, door{h}.inStaffChat(ctx, w.asked, blocks{h}.block)
	case wantUnblock:
		return false, door{h}.inStaffChat(ctx, w.asked, blocks{h}.unblock)
	case wantChat:
		return h.converse(ctx, update, w.asked)
	case spoken:
		return h.hear(ctx, update, w.asked)
	case pressed:
		return false, h.press(ctx, update, w)
	case placeName:
		return false, h.names.rename(ctx, w)
	case migrated:
		defer h.places.known.forget(w.to) // what was learnt of it before is not what moves there
		return false, h.outbox.Move(ctx, w.from, w.to)
	case membership:
		return false, door{h}.noteMembership(ctx, update, w)
	}
	return false, nil
}

// holding is what holds in the place that an update comes from.
func (h handler) holding(ctx context.Context, want any) (here, error) {
	switch w := want.(type) {
	case nil, migrated, membership, albumPart:
		return here{}, nil
	case pressed:
		p, err := h.places.at(ctx, w.chat, w.thread)
		return p.orPerson(w.private, w.by), err
	case wish:
		m := w.said().message
		p, err := h.places.at(ctx, m.at.Chat, m.at.Thread)
		return p.orPerson(m.private, m.by), err
	}
	return here{}, nil
}

// orPerson adds Telegram's word on a person's language, which counts in private where nothing is chosen.
func (p here) orPerson(private bool, who person) here {
	if private && p.language() == "" {
		p.languages[1] = view.Match(who.language)
	}
	return p
}

// speak is the language of the place that the update at hand comes from.
func (h handler) speak() view.Language { return h.view.In(h.here.language()) }
