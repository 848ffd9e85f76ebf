package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

// transcript shows what is said in the chats, and what LiveDesk is asked, once each and again when it changes.
type transcript struct {
	stage *stage
	heard chan struct{} // has one element when the bot has said something since it was last emptied

	mu       sync.Mutex
	shown    map[messageKey]version
	requests int // of LiveDesk's log that have been shown or passed over
}

type messageKey struct {
	chat int64
	id   int
}

type version struct {
	number   int
	deleted  bool
	reaction string // the bot's
}

func newTranscript(st *stage) *transcript {
	return &transcript{stage: st, heard: make(chan struct{}, 1), shown: map[messageKey]version{}}
}

// follow shows everything as it happens, until ctx ends and what is returned has been called.
func (t *transcript) follow(ctx context.Context) (wait func()) {
	var all sync.WaitGroup
	for _, p := range t.stage.places {
		all.Go(func() {
			for {
				if _, err := t.stage.telegram.WaitAny(ctx, p.chat, t.unseen); err != nil {
					return // ctx has ended
				}
				t.show(p.chat)
			}
		})
	}
	all.Go(func() {
		_ = t.stage.desk.Await(ctx, func() bool { // the error is that of ctx
			t.showRequests()
			return false
		})
	})
	return all.Wait
}

func (t *transcript) unseen(m *telegramtest.Message) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.shown[keyOf(m)] != versionOf(m)
}

func keyOf(m *telegramtest.Message) messageKey { return messageKey{m.Chat.ID, m.ID} }

func versionOf(m *telegramtest.Message) version {
	return version{len(m.Earlier) + 1, m.Deleted, m.Reaction}
}

// show brings a chat up to date on the screen.
func (t *transcript) show(chat *telegramtest.Chat) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range chat.Messages() {
		before, now := t.shown[keyOf(m)], versionOf(m)
		if before == now {
			continue
		}
		t.shown[keyOf(m)] = now
		reacted := now.reaction != before.reaction
		now.reaction = before.reaction
		if text := news(m, before.number); now != before && (text != "" || m.Deleted) {
			t.stage.said(t.stage.titleOf(m), headline(m, before.number > 0), text)
		}
		if reacted {
			t.stage.said(t.stage.titleOf(m), fmt.Sprintf("Bot reacts to #%d: %s", m.ID, cmp.Or(m.Reaction, "no more")), "")
		}
		if m.FromBot || reacted {
			t.hear()
		}
	}
}

func (t *transcript) hear() {
	select {
	case t.heard <- struct{}{}:
	default:
	}
}

// forget drops what was heard so far.
func (t *transcript) forget() {
	select {
	case <-t.heard:
	default:
	}
}

// titleOf is the title of the place in which a message stands.
func (st *stage) titleOf(m *telegramtest.Message) string {
	title := ""
	for _, p := range st.places {
		if p.chat == m.Chat && (title == "" || p.topic == nil) {
			title = p.title
		}
		if m.Topic != nil && p.topic == m.Topic {
			return p.title
		}
	}
	return title
}

func headline(m *telegramtest.Message, changed bool) string {
	name := m.From.Name()
	if m.FromBot {
		name = "Bot"
	}
	line := fmt.Sprintf("#%d %s", m.ID, name)
	if m.ReplyTo != 0 {
		line += fmt.Sprintf(", replying to #%d", m.ReplyTo)
	}
	switch {
	case m.Deleted:
		line += " (deleted)"
	case changed:
		line += " (changed)"
	}
	return line
}

// news is what people see of a message, or only its buttons where nothing else differs from the version that was shown;
// empty for service messages and for what was deleted.
func news(m *telegramtest.Message, shown int) string {
	if m.Deleted {
		return ""
	}
	var lines []string
	if shown == 0 || shown > len(m.Earlier) || m.Earlier[shown-1].Text != m.Text {
		lines = body(m)
	}
	for _, row := range m.Buttons {
		var labels []string
		for _, b := range row {
			labels = append(labels, "[ "+b.Text+" ]")
		}
		lines = append(lines, strings.Join(labels, " "))
	}
	if m.ForceReply && shown == 0 {
		lines = append(lines, "(Telegram opens the reply field: "+cmp.Or(m.Prompt, "Reply")+" …)")
	}
	return strings.Join(lines, "\n")
}

func body(m *telegramtest.Message) []string {
	var lines []string
	if m.File != nil {
		lines = append(lines, "["+strings.TrimSpace(string(m.File.Kind)+" "+m.File.Name)+"]")
	}
	if m.Text != "" {
		lines = append(lines, withTimes(m.Content, time.Now()))
	}
	return lines
}

// showRequests shows what LiveDesk was asked to do and has dealt with; looks at tickets are too many to show.
func (t *transcript) showRequests() {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.stage.desk.Requests()
	for t.requests = min(t.requests, len(all)); t.requests < len(all); t.requests++ {
		r := all[t.requests]
		if r.Op == livedesktest.Get || r.Op == livedesktest.Download {
			continue
		}
		if r.Status == 0 && r.Faults == "" {
			return // at work; its end is another change
		}
		t.stage.said(deskTitle, r.Method+" "+r.Path+": "+outcome(r), "")
	}
}

func outcome(r livedesktest.Request) string {
	if r.Status == 0 {
		return "the answer is lost"
	}
	return fmt.Sprintf("answer %d", r.Status)
}
