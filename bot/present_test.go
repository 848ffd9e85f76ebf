package bot_test

import (
	"cmp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/bottest"
	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/bot/view"
)

// presented waits until the bot has told Telegram what to show of it, since its start number n.
func presented(t *testing.T, w *bottest.World, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.Telegram.CallsOf("deleteMyCommands")) >= 2*n }, time.Minute, 10*time.Millisecond, w.Logs)
}

// presentations is how often the bot changed what Telegram shows of it.
func presentations(w *bottest.World) int {
	n := 0
	for _, method := range []string{"setMyCommands", "setMyDescription", "setMyShortDescription"} {
		n += len(w.Telegram.CallsOf(method))
	}
	return n
}

func TestTelegramShowsTheBotInEveryLanguage(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	presented(t, w, 1)
	texts, err := view.New(view.Config{})
	require.NoError(t, err)
	for code, lang := range map[string]string{
		"": "en", "pt": "en", "en": "en", "de": "de", "fr": "fr", "es": "es", "ja": "ja", "id": "id", "th": "th", "zh": "zh-CN",
	} {
		say := texts.In(lang)
		shown := w.Telegram.Menu("default", code)
		if shown == nil {
			shown = w.Telegram.Menu("default", "")
		}
		require.Equal(t, telegramtest.Command{Name: "ticket", Description: say.Text("menu_ticket")}, shown[0], code)
		require.Len(t, shown, 7)
		admins := w.Telegram.Menu("all_chat_administrators", code)
		if admins == nil {
			admins = w.Telegram.Menu("all_chat_administrators", "")
		}
		require.Contains(t, admins, telegramtest.Command{Name: "setup", Description: say.Text("menu_setup")}, code)
		description := cmp.Or(w.Telegram.Description(code), w.Telegram.Description(""))
		require.Equal(t, say.Text("bot_description"), description, code)
		require.LessOrEqual(t, utf8.RuneCountInString(description), 512)
		require.Equal(t, say.Text("bot_short_description"), cmp.Or(w.Telegram.ShortDescription(code), w.Telegram.ShortDescription("")), code)
	}
	require.NotContains(t, w.Logs.String(), "WARN")
}

func TestWhatTelegramShowsOfTheBotAlreadyIsNotSetAgain(t *testing.T) {
	t.Parallel()
	w := bottest.New(t)
	presented(t, w, 1)
	before := presentations(w)
	w.Stop()
	w.Start()
	presented(t, w, 2)
	require.Equal(t, before, presentations(w))

	w.Stop()
	w.Config.Language = "zh-TW"
	w.Start()
	presented(t, w, 3)
	texts, err := view.New(view.Config{})
	require.NoError(t, err)
	require.Equal(t, texts.In("zh-TW").Text("bot_description"), w.Telegram.Description(""))
	require.Equal(t, texts.In("zh-TW").Text("menu_ticket"), w.Telegram.Menu("default", "zh")[0].Description)
	require.Equal(t, texts.In("en").Text("bot_description"), w.Telegram.Description("en"), "it is no longer what everybody else reads")
}

func TestAFaultOfMenusAndDescriptionsIsToldOnceAndStopsNothing(t *testing.T) {
	t.Parallel()
	w := bottest.New(t, func(w *bottest.World) {
		w.Telegram.Fail(429, "Too Many Requests: retry after 1", telegramtest.Match{Method: "setMyCommands", Times: 1})
		w.Telegram.Fail(404, "Not Found", telegramtest.Match{Method: "getMyDescription"})
	})
	presented(t, w, 1)
	require.NotEmpty(t, w.Telegram.Menu("default", ""), "asked to wait, it waited")
	require.NotEmpty(t, w.Telegram.ShortDescription("ja"))
	w.Quiet(w.Alice)
	told := func() int {
		return strings.Count(w.Logs.String(), "cannot set the menu of commands and the descriptions")
	}
	require.Eventually(t, func() bool { return told() > 0 }, time.Minute, 10*time.Millisecond)
	w.Stop()
	require.Equal(t, 1, told(), w.Logs)
}
