package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seeing is how long the page may take to show something; generous, for busy machines.
const seeing = 2 * time.Minute

// chromium returns the path of a browser, or says that there is none. Only in CI that is a fault.
func chromium(t *testing.T) (string, bool) {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	require.Empty(t, os.Getenv("CI"), "no Chromium found: apt-get install chromium")
	t.Log("no Chromium found, so the page was not tested: apt-get install chromium")
	return "", false
}

// shown is a try-out whose page is open in a browser.
type shown struct {
	*window
	t       *testing.T
	address string
	tab     context.Context

	mu     sync.Mutex
	faults []string // script errors, failed requests, requests that leave the machine's loopback
}

// show starts a try-out, a browser, and the page in it. It returns nil where there is no browser.
func show(t *testing.T) *shown {
	t.Helper()
	path, ok := chromium(t)
	if !ok {
		return nil
	}
	s := &shown{window: newWindow(), t: t}
	logs := testLog(t)
	logs.Writer = io.MultiWriter(logs.Writer, s.log)
	ctx, stop := context.WithCancel(t.Context())
	opened, ended := make(chan string), make(chan error, 1)
	go func() {
		ended <- s.perform(ctx, logs, func(ctx context.Context) error {
			address, close, err := s.open(logs)
			if err != nil {
				return err
			}
			defer close()
			opened <- address
			return s.guide.run(ctx)
		})
	}()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	select {
	case s.address = <-opened:
	case err := <-ended:
		require.NoError(t, err)
	}
	s.browse(path)
	return s
}

// browse starts a browser that talks to nobody by itself, and opens the page.
func (s *shown) browse(path string) {
	s.t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(s.t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("force-prefers-reduced-motion", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Env("LANG=en_US.UTF-8"), chromedp.WindowSize(1280, 800))
	allocator, stop := chromedp.NewExecAllocator(s.t.Context(), options...)
	s.t.Cleanup(stop)
	tab, leave := chromedp.NewContext(allocator)
	s.t.Cleanup(leave)
	s.tab = tab
	require.NoError(s.t, chromedp.Do(tab))
	require.NoError(s.t, chromedp.Listen(tab, s.hear))
	s.do(chromedp.Navigate("http://" + s.address + "/"))
	s.sees("#service", "Bot running")
}

// hear notes what must not happen.
func (s *shown) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		s.fault("script error: %s %s", e.ExceptionDetails.Text, asJSON(e.ExceptionDetails.Exception))
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == "error" {
			s.fault("the browser says: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		at, err := url.Parse(e.Request.URL)
		if err != nil || at.Host != s.address && at.Scheme != "data" && at.Scheme != "blob" {
			s.fault("a request to somewhere else: %s", e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			s.fault("%d for %s", int(e.Response.Status), e.Response.URL)
		}
	}
}

func asJSON(value any) string {
	body, _ := json.Marshal(value)
	return string(body)
}

func (s *shown) fault(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// clean requires that nothing has happened that must not.
func (s *shown) clean() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Empty(s.t, s.faults)
}

// do does one thing with an element. The page may draw it anew between being asked for it and being touched; then nothing has
// happened yet, and it is found again.
func (s *shown) do(step chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, seeing)
	defer cancel()
	err := chromedp.Do(ctx, step)
	for err != nil && (strings.Contains(err.Error(), "Could not find node") || strings.Contains(err.Error(), "No node with given id")) && ctx.Err() == nil {
		err = chromedp.Do(ctx, step)
	}
	require.NoError(s.t, err, "%v", s.faults)
}

// asks evaluates an expression in the page.
func asks[T any](s *shown, expression string) T {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, seeing)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(s.t, err, expression)
	return value
}

// until waits until an expression is true in the page.
func (s *shown) until(condition string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, seeing)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](condition, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(seeing)))
	require.NoError(s.t, err, "%s\n%v\n%s", condition, s.faults, s.shows())
}

// shows is all that stands on the page, and in its fields, for the message of a test that waited for something else.
func (s *shown) shows() string {
	ctx, cancel := context.WithTimeout(s.tab, 10*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText + "\nFields: " +
		JSON.stringify([...document.querySelectorAll("textarea, select")].map((e) => e.value))`))
	if err != nil {
		return err.Error()
	}
	return text
}

// sees waits until a text stands in one of the elements.
func (s *shown) sees(selector, text string) {
	s.t.Helper()
	s.until(fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.innerText.includes(%s))`, selector, asJSON(text)))
}

// press presses the last button with this text or label, or else with it as a part.
func (s *shown) press(within, label string) {
	s.t.Helper()
	find := fmt.Sprintf(`((all) => all.findLast((b) => b.innerText.trim() === %[2]s) ?? all.findLast((b) => b.innerText.includes(%[2]s) ||
		b.getAttribute("aria-label")?.includes(%[2]s)))([...document.querySelectorAll(%[1]s)].filter((b) => b.checkVisibility()))`,
		asJSON(within+" button"), asJSON(label))
	s.until(fmt.Sprintf("Boolean(%s)", find))
	s.do(chromedp.Click(chromedp.JSPath(find)))
}

// types writes into the composer of a pane and sends it.
func (s *shown) types(pane, text string) {
	s.t.Helper()
	s.do(chromedp.SendKeys(chromedp.CSS(pane+" textarea"), text))
	s.do(chromedp.SendKeys(chromedp.CSS(pane+" textarea"), "\r"))
}

// lines are the texts of the messages that a pane shows, with times as the bot wrote them and not in the zone of the browser, and
// without the buttons that unfold quotations.
func (s *shown) lines(pane string) []string {
	return asks[[]string](s, fmt.Sprintf(`[...document.querySelectorAll("%s .message .text")].map((e) => {
		const text = e.cloneNode(true);
		text.querySelectorAll("time").forEach((t) => t.replaceWith(t.title));
		text.querySelectorAll("[aria-expanded]").forEach((b) => b.remove());
		return text.textContent;
	})`, pane))
}

func (s *shown) writePicture(path string) {
	s.t.Helper()
	picture, err := chromedp.Run(s.tab, chromedp.CaptureScreenshot())
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(path, picture, 0o644))
}

// sameAs requires that the customers' pane shows what the emulated Telegram has in the topic, word for word.
func (s *shown) sameAs(at *place) {
	s.t.Helper()
	want := func() (texts []string) {
		for _, m := range at.chat.Messages() {
			if m.Topic == at.topic && !m.Deleted && m.Text != "" {
				texts = append(texts, m.Text)
			}
		}
		return texts
	}
	require.EventuallyWithT(s.t, func(c *assert.CollectT) { assert.Equal(c, want(), s.lines("#customers")) }, seeing, 100*time.Millisecond)
}

// narrow makes the window as wide as a phone.
func (s *shown) narrow() {
	s.t.Helper()
	s.do(chromedp.EmulateViewport(390, 844))
}

// axe is the script that looks for accessibility faults. It is not ours: .ci/run fetches it.
var axe = sync.OnceValues(func() (string, error) {
	path := os.Getenv("AXE")
	if path == "" {
		return "", nil
	}
	content, err := os.ReadFile(path)
	return string(content), err
})

// accessible requires that axe finds nothing wrong with the page as it is.
func (s *shown) accessible(when string) {
	s.t.Helper()
	script, err := axe()
	require.NoError(s.t, err)
	if script == "" {
		require.Empty(s.t, os.Getenv("CI"), "AXE must name the file axe.min.js of the npm package axe-core")
		s.t.Log("AXE names no axe.min.js, so accessibility was not tested", when)
		return
	}
	asks[bool](s, script+`; true`)
	// Animations change colours for a moment, which says nothing about them.
	found := asks[[]string](s, `Promise.allSettled(document.getAnimations().map((a) => a.finished)).then(() => axe.run({
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })).then((r) => r.violations.flatMap((v) =>
		v.nodes.map((n) => v.id + ": " + n.html.slice(0, 200) + " " + n.failureSummary)))`)
	require.Empty(s.t, found, when)
}
