package outbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/livedesk/livedesktest"
)

func TestTheCardFollowsTheTicketInPlaceAndTheEndIsAMessage(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "slow")
	require.NoError(t, w.Desk.SetPriority(number, "urgent"))
	w.Becomes(card, "Urgent")
	require.NoError(t, w.Desk.SetStatus(number, "in_progress"))
	w.Becomes(card, "In progress")
	require.NoError(t, w.Desk.SetTeam(number, "Billing"))
	w.Becomes(card, "Billing")
	require.NoError(t, w.Desk.SetSLA(number, livedesktest.SLA{FirstResponseDue: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Breached: true}))
	now := w.Becomes(card, "21 Nov 2026, 10:00 UTC")
	require.NotContains(t, strings.ToLower(now.Text), "breach")
	require.Len(t, chat.BotMessages(), 1, "all of that is quiet")
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	require.Contains(t, w.Say(w.Alice, w.Telegram.Private(w.Alice), "/status "+number).Text, "Resolved")
	w.Hears(chat, "Resolved: ticket")
	w.Becomes(card, "Resolved")
	require.NoError(t, w.Desk.SetStatus(number, "open"))
	w.Hears(chat, "Reopened")
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Eventually(func() bool { return len(chat.BotMessages()) == 4 })
	require.NoError(t, w.Desk.Rate(number, 4, "fine"))
	w.Becomes(card, "★★★★☆")
}

func TestWithoutRelayOnlyTheCardChanges(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) { w.Config.Relay = false })
	chat := w.Telegram.NewSupergroup("S")
	card, number := w.Ticket(chat, "quiet")
	w.Reply(number, "spoken by LiveDesk's own bot")
	require.NoError(t, w.Desk.SetStatus(number, "resolved"))
	w.Becomes(card, "Resolved")
	require.Len(t, chat.BotMessages(), 1)

	w.Stop()
	w.Config.Relay = true
	w.Start()
	w.Reply(number, "spoken by us")
	w.Hears(chat, "spoken by us")
	require.Len(t, chat.BotMessages(), 2, "what was not ours to tell is not told later")
}
