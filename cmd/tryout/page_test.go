package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
	"livedeskbot/livedesk/livedesktest"
)

var picture = flag.String("picture", "", "write a picture of the page to this file (PNG)")

func TestTheStoryIsPlayedInTheBrowser(t *testing.T) {
	t.Parallel()
	s := show(t)
	if s == nil {
		return
	}
	s.accessible("at the start")
	s.press("#story", "Play the story")
	for i, step := range steps {
		if i > 0 {
			s.press("#story", "Next step")
		}
		s.sees("#story h2", fmt.Sprintf("%d of %d", i+1, len(steps)))
		s.sees("#story h2", step.title)
		s.until(`document.querySelector("#story .checks li") !== null`)
	}
	s.sees("#story", "Play again")
	s.press("#customers .chats", "Acme")
	s.sameAs(s.place("topic"))
	s.press("#desk", "All tickets")
	s.press("#desk .tickets", problem)
	s.sees("#desk .from", "Nina in Acme › Printers")
	require.Equal(t, "resolved", asks[string](s, `document.querySelector("#desk select[name=status]").value`))
	require.Contains(t, asks[string](s, `document.querySelector("#desk .entry.internal").innerText`), note)
	s.press("#desk", "JSON as sent")
	s.sees("#desk .json", `"title": "`+problem+`"`)
	s.press("#desk", "JSON as read")
	s.sees("#desk .json", `"conversation_list"`)
	s.accessible("after the story")
	s.press("header", "Dark")
	s.accessible("in the dark")
	s.narrow()
	for _, tab := range []string{"Customers", "Team", "LiveDesk", "Trouble"} {
		s.press("#tabs", tab)
		require.LessOrEqual(t, asks[int](s, `document.documentElement.scrollWidth`), 390, "%s is wider than a phone", tab)
		s.accessible("on a phone: " + tab)
	}
	s.clean()
}

func TestAPersonUsesThePageInTheBrowser(t *testing.T) {
	t.Parallel()
	s := show(t)
	if s == nil {
		return
	}
	s.typesWithHelp()
	s.pressesAndTakesOver()
	s.actsAsAgent()
	s.letsThingsBreak()
	s.talksInPrivate()
	s.invitesSomebody()
	s.clean()
}

// typesWithHelp opens a ticket with the menu of commands, edits, reacts and sends a file, without a mouse.
func (s *shown) typesWithHelp() {
	s.t.Helper()
	topic := s.place("topic")
	offered := func() bool {
		s.do(chromedp.Evaluate[chromedp.Void](`void (document.querySelector("#customers textarea").value = "")`))
		s.do(chromedp.SendKeys(chromedp.CSS("#customers textarea"), "/ti"))
		return asks[bool](s, `[...document.querySelectorAll("#customers .suggest")].some((e) => e.innerText.includes("/ticket"))`)
	}
	require.Eventually(s.t, offered, seeing, time.Second, "a page that is just drawing its pane empties the field")
	s.do(chromedp.KeyEvent("\t"))
	s.types("#customers", "My screen <b>is</b> dark")
	s.sees("#customers .message", "Open")
	s.sees("#desk .tickets", "My screen <b>is</b> dark")
	s.sameAs(topic)

	s.press("#customers .message.own", "More about")
	s.press(".popover", "React with 👍")
	s.sees("#customers .reactions", "👍")
	s.press("#customers .message.own", "More about")
	s.press(".popover", "Edit")
	s.types("#customers", ", today")
	s.sees("#customers .message.own", "dark, today")
	file := filepath.Join(s.t.TempDir(), "lamp.jpg")
	require.NoError(s.t, os.WriteFile(file, photo(1), 0o600))
	s.do(chromedp.SetUploadFiles(chromedp.CSS("#customers input[type=file]"), []string{file}))
	s.sees("#customers .chosen", "lamp.jpg")
	s.press("#customers .message:not(.own)", "Reply to the bot")
	s.types("#customers", "This lamp is on")
	s.sees("#customers .message.own .reactions", "✍")
	s.sees("#customers .message:not(.own)", "1 file")
	s.until(`document.querySelector("#customers .photo")?.naturalWidth === 320`)
	s.sameAs(topic)
	require.Len(s.t, s.desk.Uploads(), 1)
}

// pressesAndTakesOver presses a button of the card as somebody else.
func (s *shown) pressesAndTakesOver() {
	s.t.Helper()
	ben := s.place("colleague").who
	s.do(chromedp.SendKeys(chromedp.CSS("#customers select"), ben.Name()))
	s.press("#customers .keyboard", "Follow")
	s.sees("#toasts", "Telegram shows "+ben.Name())
}

func (s *shown) actsAsAgent() {
	s.t.Helper()
	s.press("#desk .tickets", "My screen")
	s.do(chromedp.SendKeys(chromedp.CSS("#desk textarea"), "Never tell them"))
	s.press("#desk .answer", "Note internally")
	s.sees("#desk .entry.internal", "Never tell them")
	s.types("#desk", "Is it plugged in?")
	s.sees("#customers .message:not(.own)", "Is it plugged in?")
	s.do(chromedp.SetValue(chromedp.CSS("#desk select[name=status]"), "pending"))
	s.do(chromedp.Evaluate[chromedp.Void](`void document.querySelector("#desk select[name=status]").dispatchEvent(new Event("change"))`))
	s.sees("#customers .message:not(.own)", "Pending")
	require.NotContains(s.t, strings.Join(s.lines("#customers"), "\n"), "Never tell them")
}

// letsThingsBreak kills the service and Postgres while somebody writes.
func (s *shown) letsThingsBreak() {
	s.t.Helper()
	s.press("#trouble", "Kill the service")
	s.sees("#service", "Bot killed")
	s.types("#customers", "/ticket Written while it was down")
	s.sees("#service", "Bot running")
	s.sees("#desk .desk-head", "LiveDesk")
	s.press("#desk", "All tickets")
	s.sees("#desk .tickets", "Written while it was down")
	s.press("#trouble", "Answers lost")
	s.sees("#trouble .about", "unconfirmed")
	s.types("#customers", "/ticket Lost")
	s.sees("#customers .message:not(.own)", "may have arrived")
	s.press("#trouble", "Answers lost")
	s.press("#trouble", "Restart Postgres")
	s.sees("#toasts", "Postgres crashed and is back")
	s.types("#customers", "/ticket After the crash")
	s.sees("#desk .tickets", "After the crash")
	require.Equal(s.t, 4, s.desk.Count())
	s.press("#log", "LiveDesk's requests")
	s.sees("#log .lines", "the answer was lost")
}

// talksInPrivate opens a ticket without a command, copies its number, says what is still wrong, and quotes a part of it.
func (s *shown) talksInPrivate() {
	s.t.Helper()
	private := s.place("private")
	s.press("#customers .chats", private.who.Name())
	s.types("#customers", "My laptop is loud")
	s.press("#customers .keyboard", "Open a ticket")
	s.sees("#customers .message:not(.own)", "– Open")
	number := s.desk.Tickets()[s.desk.Count()-1].ID
	s.press("#customers .keyboard", "Number")
	s.sees("#toasts", number)
	require.NoError(s.t, s.desk.SetSLA(number, livedesktest.SLA{ResolutionDue: time.Now().Add(4 * time.Hour)}))
	s.until(`document.querySelector("#customers .text time")?.title.endsWith("UTC") ?? false`)
	require.NoError(s.t, s.desk.SetStatus(number, "resolved"))
	s.press("#customers .keyboard", "Still broken")
	s.until(`document.querySelector("#customers textarea").placeholder === "Your answer"`)
	s.until(`document.activeElement.matches("#customers textarea")`)
	s.types("#customers", "The fan rattles at night")
	s.sees("#customers .reactions", "✍")
	s.until(`document.querySelector("#customers textarea").placeholder.startsWith("Message as")`)
	require.NoError(s.t, s.desk.SetStatus(number, "open"))
	s.sees("#customers .message:not(.own)", "Reopened")
	_, err := s.desk.Reply(number, agent, "We will send somebody. When are you there?")
	require.NoError(s.t, err)
	s.sees("#customers .message:not(.own)", "When are you there?")
	s.do(chromedp.Evaluate[chromedp.Void](`void ((all) => {
		const text = document.createTreeWalker(all.findLast((e) => e.textContent.includes("When are you")), NodeFilter.SHOW_TEXT);
		while (!text.nextNode().data.includes("When are you"));
		const at = text.currentNode.data.indexOf("When are you");
		document.getSelection().setBaseAndExtent(text.currentNode, at, text.currentNode, at + "When are you there?".length);
	})([...document.querySelectorAll("#customers .text")])`))
	s.press("#customers .message:not(.own)", "Reply to the bot")
	s.sees("#customers .aim", "“When are you there?”")
	s.types("#customers", "Until five")
	s.sees("#customers .reply-line", "“When are you there?”")
	s.sameAs(private)
}

func (s *shown) invitesSomebody() {
	s.t.Helper()
	s.press("#customers .chats", "New chat")
	s.do(chromedp.SendKeys(chromedp.CSS("dialog input[name=title]"), "Initech"))
	s.accessible("with a dialog")
	s.press("dialog", "Make it")
	s.sees("#customers .chats [aria-current]", "Initech")
	s.press("#customers .chat-head", "More about this chat")
	s.press(".popover", "Somebody else joins")
	s.do(chromedp.SendKeys(chromedp.CSS("dialog input[name=name]"), "Yuki"))
	s.press("dialog", "Join")
	s.sees("#customers .messages", "Yuki joined the group")
	s.do(chromedp.SendKeys(chromedp.CSS("#customers textarea"), "/help"+kb.Enter))
	s.until(`document.querySelector("#customers .message:not(.own):not(.notice) .text")?.innerText.length > 20`)
}

func TestHostileTextsAndAThousandTicketsDoThePageNoHarm(t *testing.T) {
	t.Parallel()
	s := show(t)
	if s == nil {
		return
	}
	markup := `<img src=x onerror="document.title='owned'"><script>document.title="owned"</script>`
	evil := s.telegram.NewPerson(markup, telegramtest.LastName("\u202egnp.exe"), telegramtest.Username("evil"))
	topic := s.place("topic")
	texts := []string{
		markup, "\u202e\u2066right to left\u2069 شكرا", strings.Repeat("😀", 2048), strings.Repeat("a", 4096), "javascript:alert(1)",
		"`'\"&amp;</textarea></style>", strings.Repeat("e\u0301\u0302\u0303", 600),
	}
	for _, text := range texts {
		s.telegram.Say(evil, topic.where(), text)
	}
	s.telegram.Say(evil, topic.where(), "crossing", telegramtest.Entities(
		telegramtest.Entity{Type: "text_link", URL: "javascript:document.title='owned'", Offset: 0, Length: 5},
		telegramtest.Entity{Type: "bold", Offset: 3, Length: 99}, telegramtest.Entity{Type: "date_time", UnixTime: 1 << 60, Offset: 7, Length: 1}))
	s.ticketCalled(markup)
	s.sees("#customers .message", "crossing")
	for _, text := range texts {
		require.Contains(t, s.lines("#customers"), text)
	}
	s.sees("#desk .tickets", markup)
	s.press("#desk .tickets", "<img")
	s.sees("#desk h3", markup)
	require.Zero(t, asks[int](s, `document.querySelectorAll("main script, main img[onerror], a[href^=javascript]").length`))
	require.LessOrEqual(t, asks[int](s, `document.documentElement.scrollWidth`), 1280)
	require.Contains(t, asks[string](s, `document.title`), "Try-out")

	const many = 1000
	for i := range many {
		s.telegram.Say(evil, topic.where(), fmt.Sprint("message ", i))
		s.ticketCalled(fmt.Sprint("Load ", i))
	}
	s.press("#desk", "All tickets")
	s.sees("#desk h2", fmt.Sprint(many+1, " tickets"))
	s.sees("#customers .message", fmt.Sprint("message ", many-1))
	require.LessOrEqual(t, asks[int](s, `document.querySelectorAll("#customers .message").length`), 60)
	require.LessOrEqual(t, asks[int](s, `document.querySelectorAll("#desk .tickets li").length`), 41)
	s.press("#customers", "Show earlier messages")
	s.until(`document.querySelectorAll("#customers .message").length > 100`)
	s.press("#customers", "Show earlier messages")
	s.press("#customers", "Show earlier messages")
	s.until(`document.querySelectorAll("#customers .message").length > 200`)
	lines := s.lines("#customers")
	for i, line := range lines {
		require.Equal(t, fmt.Sprint("message ", many-len(lines)+i), line)
	}
	s.clean()
}

// ticketCalled opens a ticket at LiveDesk, not through the bot.
func (s *shown) ticketCalled(title string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"title":%s,"requester":{"euid":"somebody"}}`, asJSON(title))
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "/api/v2/accounts/tickets", strings.NewReader(body))
	require.NoError(s.t, err)
	r.SetBasicAuth(livedesktest.DefaultKey, livedesktest.DefaultSecret)
	r.Header.Set("Content-Type", "application/json")
	w := answer200{header: http.Header{}}
	s.desk.ServeHTTP(&w, r)
	require.Equal(s.t, http.StatusOK, w.status)
}

// answer200 keeps nothing of an answer but its status.
type answer200 struct {
	header http.Header
	status int
}

func (w *answer200) Header() http.Header         { return w.header }
func (w *answer200) WriteHeader(status int)      { w.status = status }
func (w *answer200) Write(p []byte) (int, error) { return len(p), nil }

// TestPicture makes the picture of the page for the README, where -picture names a file.
func TestPicture(t *testing.T) {
	if *picture == "" {
		return
	}
	s := show(t)
	require.NotNil(t, s)
	s.do(chromedp.EmulateViewport(1280, 860))
	s.press("#story", "Play the story")
	for range 4 {
		s.until(`document.querySelector("#story .checks li") !== null`)
		s.press("#story", "Next step")
	}
	s.sees("#story h2", fmt.Sprintf("5 of %d", len(steps)))
	s.sees("#customers .message:not(.own)", answer)
	s.sees("#staff .message:last-child", addition)
	asks[bool](s, `Promise.allSettled(document.getAnimations().map((a) => a.finished)).then(() => true)`)
	s.writePicture(*picture)
}
