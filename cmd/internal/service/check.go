package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"livedeskbot/bot"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
	"livedeskbot/storage/localpg"
)

const (
	// databaseTimeout is how long the check waits for a database; a private one may have to recover first.
	databaseTimeout = 30 * time.Second
	// absentTicket is a number that LiveDesk gives to no ticket.
	absentTicket = "tk_00000000_livedeskbot_check"
	// nowherePath leads to a place that LiveDesk does not have.
	nowherePath  = "/livedeskbot-check"
	oldestServer = 14
)

// report collects findings, a line each.
type report struct{ findings []bot.Finding }

func (r *report) add(level bot.Level, format string, args ...any) {
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ") // errors may take several lines
	r.findings = append(r.findings, bot.Finding{Level: level, Text: text})
}

// print writes what matters first: faults, warnings, then what is well. It returns how many faults there are.
func (r *report) print(out io.Writer) (faults int) {
	for _, level := range []bot.Level{bot.Fault, bot.Warning, bot.OK} {
		for _, f := range r.findings {
			if f.Level == level {
				fmt.Fprintf(out, "%-8s %s\n", f.Level, f.Text)
			}
			if f.Level == level && level == bot.Fault {
				faults++
			}
		}
	}
	return faults
}

// check looks at everything that the service will need and prints what it finds. It changes nothing. An error says that
// the service would not work.
func check(ctx context.Context, c config, _ *slog.Logger, stdout io.Writer) error {
	r := &report{}
	for _, f := range bot.Check(ctx, c.botConfig(), slices.Concat(c.botConfig().AllStaffChats(), c.chats, c.ids)) {
		r.add(f.Level, "%s", f.Text)
	}
	r.checkDesk(ctx, c)
	r.checkDatabase(ctx, c)
	r.checkAddress(ctx, c.listen)
	for _, s := range c.shown() {
		r.add(bot.OK, "%s: %s", s.name, s.value)
	}
	if faults := r.print(stdout); faults > 0 {
		return fmt.Errorf("the service would not work as it is set up: %d faults", faults)
	}
	return nil
}

// checkDesk asks for a ticket that cannot exist: LiveDesk says so only to who has the right credentials and address.
func (r *report) checkDesk(ctx context.Context, c config) {
	settings := c.deskConfig()
	last := &lastAnswer{next: http.DefaultTransport.(*http.Transport).Clone()}
	settings.Transport = last
	answer, err := askAbsent(ctx, settings)
	if err != nil {
		r.add(bot.Fault, "LiveDesk: %v.", err)
		return
	}
	r.judgeDesk(answer, last, func() bool { return knowsTickets(ctx, settings, answer) })
	switch c.desk.uploadURL {
	case "off":
		r.add(bot.OK, "LiveDesk: files are not uploaded, tickets say so.")
	default:
		r.add(bot.OK, "LiveDesk: whether it takes files is not tried, since they could not be removed; if tickets come without their "+
			"files, ask LiveDesk for the address, or set LIVEDESK_UPLOAD_URL=off.")
	}
}

// askAbsent asks for a ticket that cannot exist and returns the refusal; nil: it is said to be there. An error says that the
// settings cannot be used.
func askAbsent(ctx context.Context, settings livedesk.Config) (*livedesk.Error, error) {
	desk, err := livedesk.New(settings)
	if err != nil {
		return nil, err
	}
	_, err = desk.Ticket(ctx, absentTicket)
	refusal, _ := errors.AsType[*livedesk.Error](err)
	return refusal, nil
}

// knowsTickets reports whether an address speaks of tickets at all: what answers the same at a place that LiveDesk surely does
// not have, to us and to strangers, knows none. answer is what it said of a ticket that cannot exist.
func knowsTickets(ctx context.Context, settings livedesk.Config, answer *livedesk.Error) bool {
	elsewhere, _ := askAbsent(ctx, nowhere(settings))
	if !sameAnswer(answer, elsewhere) {
		return true
	}
	settings.Key, settings.Secret = "a-stranger", "a-stranger"
	answer, _ = askAbsent(ctx, settings)
	elsewhere, _ = askAbsent(ctx, nowhere(settings))
	return !sameAnswer(answer, elsewhere)
}

// nowhere are the settings of a place beside the given one that LiveDesk does not have.
func nowhere(settings livedesk.Config) livedesk.Config {
	settings.BaseURL = strings.TrimRight(settings.BaseURL, "/") + nowherePath
	return settings
}

// sameAnswer reports whether two refusals say the same, apart from what was asked and the numbers of requests.
func sameAnswer(x, y *livedesk.Error) bool {
	return x != nil && y != nil && x.Status == y.Status && x.Code == y.Code && gist(x.Message) == gist(y.Message)
}

func gist(message string) string {
	return changing.ReplaceAllString(strings.ReplaceAll(message, nowherePath, ""), "")
}

// changing is what differs between two answers that say the same, such as times and ids of requests.
var changing = regexp.MustCompile(`[0-9a-fA-F-]*[0-9][0-9a-fA-F-]*`)

func (r *report) judgeDesk(refusal *livedesk.Error, last *lastAnswer, knowsTickets func() bool) {
	const address = "correct LIVEDESK_API_URL"
	switch {
	case refusal == nil:
		r.add(bot.Fault, "what answers there has a ticket that cannot exist, so it is not LiveDesk: %s.", address)
	case refusal.Status == 0:
		r.add(bot.Fault, "LiveDesk cannot be reached (%v): mend the network or %s.", refusal.Err, address)
	case errors.Is(refusal, livedesk.ErrUnauthorized):
		r.add(bot.Fault, "LiveDesk does not accept the credentials (status %d): copy LIVEDESK_API_KEY and LIVEDESK_API_SECRET again from "+
			"LiveDesk, and see that the pair is enabled for this project.", refusal.Status)
	case refusal.Status/100 == 3:
		r.add(bot.Fault, "LiveDesk's address sends us elsewhere (status %d), which would take the credentials along: set LIVEDESK_API_URL "+
			"to the final address.", refusal.Status)
	case errors.Is(refusal, livedesk.ErrRateLimited):
		r.add(bot.Warning, "LiveDesk takes no more requests for the moment, so the credentials could not be tried: run check again later, "+
			"and lower LIVEDESK_RATE if this goes on.")
	case refusal.Status/100 == 5:
		r.add(bot.Fault, "LiveDesk is out of order (status %d): tickets would wait; run check again later.", refusal.Status)
	case !last.json && refusal.Code == "", refusal.Kind == livedesk.Unknown:
		r.add(bot.Fault, "what answers there (status %d) is not LiveDesk's interface: %s.", refusal.Status, address)
	case refusal.Setup:
		r.add(bot.Fault, "LiveDesk does not know this address (status %d): %s.", refusal.Status, address)
	case !knowsTickets():
		r.add(bot.Fault, "what answers there (status %d) gives the same answer to whatever it is asked, so it knows no tickets: %s.", refusal.Status, address)
	default:
		r.add(bot.OK, "LiveDesk accepts the credentials.")
	}
}

// lastAnswer remembers whether the last answer was JSON.
type lastAnswer struct {
	next http.RoundTripper
	json bool
}

func (l *lastAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.next.RoundTrip(r)
	if err == nil {
		kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")) // none is not JSON
		l.json = kind == "application/json"
	}
	return res, err
}

// checkDatabase looks at the database that the service would use.
func (r *report) checkDatabase(ctx context.Context, c config) {
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	if c.databaseURL == "" {
		r.checkPrivate(ctx, c.dataDir)
		return
	}
	r.checkServer(ctx, string(c.databaseURL), "set DATABASE_URL to a server that runs and can be reached from here")
}

// checkPrivate starts the private Postgres. Where it has no data yet, another one is tried beside it and removed.
func (r *report) checkPrivate(ctx context.Context, dir string) {
	_, err := os.Stat(filepath.Join(dir, "postgres", "PG_VERSION"))
	fresh := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
	if fresh {
		if dir, err = trialDir(dir); err != nil {
			r.add(bot.Fault, "database: DATA_DIR cannot be used (%v): name another folder, or set DATABASE_URL.", err)
			return
		}
		defer os.RemoveAll(dir)
		dir = filepath.Join(dir, "data")
	}
	server, err := localpg.Start(ctx, localpg.Config{Dir: dir})
	if err != nil {
		r.add(bot.Fault, "database: %v.", err)
		return
	}
	defer server.Close()
	if fresh {
		r.add(bot.OK, "database: DATABASE_URL is empty, and a private Postgres can keep its files in DATA_DIR.")
		return
	}
	r.checkServer(ctx, server.URL(), "look at postgres.log in DATA_DIR")
}

// trialDir makes a folder where DATA_DIR is or would be.
func trialDir(dir string) (string, error) {
	parent, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(parent); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		parent = filepath.Dir(parent)
	}
	trial, err := os.MkdirTemp(parent, ".livedeskbot-check-")
	if err != nil {
		return "", err
	}
	return trial, os.Chmod(trial, 0o711) // the server may run under another account
}

// checkServer connects to a database and asks whether the service could work with it.
func (r *report) checkServer(ctx context.Context, url, fix string) {
	store, err := storage.Open(ctx, url)
	if err != nil {
		r.add(bot.Fault, "database: %v.", err)
		return
	}
	defer store.Close()
	facts, err := store.Facts(ctx)
	if err != nil {
		r.add(bot.Fault, "database: it cannot be used (%v): %s.", err, fix)
		return
	}
	switch {
	case facts.Major < oldestServer:
		r.add(bot.Fault, "database: Postgres %d is too old: use %d or newer.", facts.Major, oldestServer)
	case facts.ReadOnly:
		r.add(bot.Fault, "database: it takes no changes, as a standby does: name the primary server in DATABASE_URL.")
	case !facts.Current && !facts.MayCreate:
		r.add(bot.Fault, "database: the schema is not up to date and this account may not change it: grant it CREATE on the database's "+
			"schema public, or run livedeskbot migrate with an account that has it.")
	case !facts.Current:
		r.add(bot.OK, "database: Postgres %d takes changes; the schema is not up to date, the service migrates it at its start.", facts.Major)
	case !facts.MayWrite:
		r.add(bot.Fault, "database: this account may not write the service's tables: grant it all rights on them, or use the account that "+
			"made them.")
	default:
		r.add(bot.OK, "database: Postgres %d takes changes and the schema is up to date.", facts.Major)
	}
}

// checkAddress opens LISTEN_ADDR for a moment.
func (r *report) checkAddress(ctx context.Context, address string) {
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		_ = listener.Close()
		r.add(bot.OK, "LISTEN_ADDR is free.")
	case errors.Is(err, syscall.EADDRINUSE) && alive(ctx, address) == nil:
		r.add(bot.Warning, "LISTEN_ADDR is in use by something that answers as this service does: it seems to run already; stop it before "+
			"you start another, or give that one another LISTEN_ADDR.")
	case errors.Is(err, syscall.EADDRINUSE):
		r.add(bot.Fault, "LISTEN_ADDR is in use by another program: stop that, or choose another port.")
	default:
		r.add(bot.Fault, "LISTEN_ADDR cannot be opened (%v): choose an address of this machine and a port that this account may open.", err)
	}
}
