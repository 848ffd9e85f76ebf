package bot

import (
	"context"
	"log/slog"
	"time"

	"livedeskbot/storage"
)

// freshName is how long it counts that a name is stored: it goes with the last ticket of its place.
const freshName = time.Hour

// placeNames keeps what chats and topics are called, as far as the bot has seen it where tickets come from.
type placeNames struct {
	store *storage.Store
	log   *slog.Logger
	known *memory[storage.PlaceKey, string] // names as stored
}

// note stores what the chat and the topic of a ticket are called, for staff. What is known already is not stored again.
func (p *placeNames) note(ctx context.Context, a asked) {
	if a.private {
		return
	}
	p.name(ctx, storage.PlaceKey{Chat: a.at.Chat}, a.title, true)
	p.name(ctx, storage.PlaceKey{Chat: a.at.Chat, Thread: a.at.Thread}, a.topic, a.at.Thread == 0)
}

// name stores what a place is called, where that is said. sure says that it is not an old name.
func (p *placeNames) name(ctx context.Context, place storage.PlaceKey, name string, sure bool) {
	if known, ok := p.known.get(place); name == "" || ok && (known == name || !sure) {
		return
	}
	remember := p.known.begin()
	if err := p.store.NamePlace(ctx, place, name, sure); err != nil {
		p.log.Warn("cannot store what a chat is called", "chat", place.Chat, "topic", place.Thread, "error", err)
		return
	}
	remember(place, name)
}

// rename stores another name of a chat or topic.
func (p *placeNames) rename(ctx context.Context, n placeName) error {
	p.known.forget(n.place)
	return p.store.RenamePlace(ctx, n.place, n.name)
}
