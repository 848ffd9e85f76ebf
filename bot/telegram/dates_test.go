package telegram_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/telegram/telegramtest"
)

const date = `<b>by</b> <tg-time unix="1772721000" format="wt">5 Mar 2026, 14:30 UTC</tg-time>`

func TestDatesAreSentToServersThatKnowThem(t *testing.T) {
	t.Parallel()
	c, _, chat := dial(t, telegramtest.Options{})
	m := post(t, c, chat, date)
	require.Equal(t, "by 5 Mar 2026, 14:30 UTC", m.Text)
	require.Equal(t, []telegramtest.Entity{
		{Type: "bold", Length: 2}, {Type: "date_time", Offset: 3, Length: 21, UnixTime: 1772721000, DateTimeFormat: "wt"},
	}, m.Entities)
}

func TestAServerThatIsTooOldForDatesIsToldSoOnlyOnce(t *testing.T) {
	t.Parallel()
	c, s, chat := dial(t, telegramtest.Options{Old: true})
	m := post(t, c, chat, date)
	require.Equal(t, "by 5 Mar 2026, 14:30 UTC", m.Text)
	require.Equal(t, []telegramtest.Entity{{Type: "bold", Length: 2}}, m.Entities, "the rest of the formatting stays")
	post(t, c, chat, date)
	v, err := c.Edit(t.Context(), chat.ID, int64(m.ID), telegram.Answers, markup.Message{Text: date + "!"})
	require.NoError(t, err)
	require.Equal(t, telegram.Done, v)
	require.Len(t, s.Calls(), 4, "one was refused")
}

// dial makes a client of an emulated Telegram, and a private chat there.
func dial(t *testing.T, o telegramtest.Options) (*telegram.Client, *telegramtest.Server, *telegramtest.Chat) {
	t.Helper()
	s := telegramtest.New(o)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := telegram.New(telegram.Config{Token: s.Token(), APIURL: server.URL})
	require.NoError(t, err)
	reader := s.NewPerson("Reader")
	s.Say(reader, s.Private(reader), "hello")
	return c, s, s.Private(reader)
}

func post(t *testing.T, c *telegram.Client, chat *telegramtest.Chat, text string) *telegramtest.Message {
	t.Helper()
	id, v, err := c.Post(t.Context(), telegram.Place{Chat: chat.ID}, telegram.Answers, markup.Message{Text: text})
	require.NoError(t, err)
	require.Equal(t, telegram.Done, v)
	return chat.Message(int(id))
}
