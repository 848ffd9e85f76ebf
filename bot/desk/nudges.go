package desk

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"livedeskbot/bot/wait"
	"livedeskbot/storage"
)

const (
	// nudgeEvery is how often nudges are looked up, all that have come in one go.
	nudgeEvery = 250 * time.Millisecond
	// maxPending is how many words wait for that. What is too much is dropped: its tickets are looked at in their turn.
	maxPending = 1000
	// What is looked at where no ticket is named: of each chat that is named, and of all.
	activeOfChat = 20
	activeOfAll  = 5
	// maxChats is how many words of a nudge may be the id of a chat.
	maxChats = 20
)

// nudges are LiveDesk's word, or anybody's who knows the secret, that something has changed. What they say is never believed: the
// tickets whose numbers stand in them are looked at sooner, else those of the chats whose ids stand in them, else those that were
// active last. Nothing else of them is kept.
type nudges struct {
	secret  string // empty: they are not taken
	store   *storage.Store
	looks   wait.Signal
	metrics nudgeMetrics
	log     *slog.Logger

	arrived wait.Signal
	mu      sync.Mutex
	pending [][]string // the words of each
	words   int        // how many they are, with one more for each nudge
}

// keep keeps the words of a nudge until they are looked up, unless too many wait for that.
func (n *nudges) keep(words []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.words+len(words)+1 > maxPending {
		n.metrics.used(nudgeDropped, 1)
		return
	}
	n.pending = append(n.pending, words)
	n.words += len(words) + 1
	n.arrived.Up()
}

// run looks up what has come, until ctx ends.
func (n *nudges) run(ctx context.Context) {
	for n.arrived.Wait(ctx, time.Minute) == nil {
		pending := n.drain()
		if len(pending) == 0 {
			continue
		}
		if err := n.pass(ctx, pending); err != nil && ctx.Err() == nil {
			n.metrics.used(nudgeDropped, len(pending))
			n.log.Warn("cannot look up what LiveDesk says has changed; tickets are looked at in their turn", "error", err)
		}
		if wait.Sleep(ctx, nudgeEvery) != nil {
			return
		}
	}
}

func (n *nudges) drain() [][]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	pending := n.pending
	n.pending, n.words = nil, 0
	return pending
}

// pass makes the tickets due that some nudges mean.
func (n *nudges) pass(ctx context.Context, all [][]string) error {
	named, err := n.store.MeantByNumber(ctx, slices.Concat(all...))
	if err != nil {
		return err
	}
	unnamed := without(all, named)
	var inChats []storage.Meant
	if chats := chatsIn(unnamed); len(chats) > 0 {
		if inChats, err = n.store.MeantByChat(ctx, chats, activeOfChat); err != nil {
			return err
		}
	}
	vague := without(unnamed, inChats)
	var last []storage.Meant
	if len(vague) > 0 {
		if last, err = n.store.LastActive(ctx, activeOfAll); err != nil {
			return err
		}
	}
	if err := n.store.Nudge(ctx, slices.Concat(named, inChats, last)); err != nil {
		return err
	}
	n.looks.Up()
	n.metrics.used(nudgeTicket, len(all)-len(unnamed))
	n.metrics.used(nudgeChat, len(unnamed)-len(vague))
	n.metrics.used(nudgeActive, len(vague))
	return nil
}

// without returns the nudges of which no word means a ticket.
func without(all [][]string, meant []storage.Meant) (rest [][]string) {
	means := map[string]bool{}
	for _, m := range meant {
		means[m.Word] = true
	}
	for _, words := range all {
		if !slices.ContainsFunc(words, func(word string) bool { return means[word] }) {
			rest = append(rest, words)
		}
	}
	return rest
}

// chatsIn returns the words of nudges that may be ids of chats.
func chatsIn(all [][]string) (ids []string) {
	for _, words := range all {
		before := len(ids)
		for _, word := range words {
			if id, err := strconv.ParseInt(word, 10, 64); err == nil && strconv.FormatInt(id, 10) == word && len(ids) < before+maxChats {
				ids = append(ids, word)
			}
		}
	}
	return ids
}
