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
	"slices"
	"strconv"
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
	oldestServer = 14
)

// chatArgs reads what follows the command: chat ids after check, nothing after the others.
func chatArgs(command string, args []string) ([]int64, error) {
	if len(args) < 2 {
		return nil, nil
	}
	if command != "check" {
		return nil, errors.New("too many arguments")
	}
	var chats []int64
	for _, arg := range args[1:] {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return nil, err
		}
		chats = append(chats, id)
	}
	return chats, nil
}

// report prints findings, one line each.
type report struct {
	out    io.Writer
	faults int
}

func (r *report) add(level bot.Level, format string, args ...any) {
	if level == bot.Fault {
		r.faults++
	}
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ") // errors may take several lines
	fmt.Fprintf(r.out, "%-8s %s\n", level, text)
}

// check looks at everything that the service will need and prints what it finds. It changes nothing. An error says that
// the service would not work.
func check(ctx context.Context, c config, _ *slog.Logger, stdout io.Writer) error {
	r := &report{out: stdout}
	for _, s := range c.shown() {
		r.add(bot.OK, "%s: %s", s.name, s.value)
	}
	for _, f := range bot.Check(ctx, c.botConfig(), slices.Concat(c.botConfig().AllStaffChats(), c.checkChats)) {
		r.add(f.Level, "%s", f.Text)
	}
	r.checkDesk(ctx, c)
	r.checkDatabase(ctx, c)
	r.checkAddress(ctx, c.listen)
	if r.faults > 0 {
		return fmt.Errorf("the service would not work as it is set up: %d faults", r.faults)
	}
	return nil
}

// checkDesk asks for a ticket that cannot exist: LiveDesk says so only to who has the right credentials and address.
func (r *report) checkDesk(ctx context.Context, c config) {
	settings := c.deskConfig()
	last := &lastAnswer{next: http.DefaultTransport.(*http.Transport).Clone()}
	settings.Transport = last
	desk, err := livedesk.New(settings)
	if err != nil {
		r.add(bot.Fault, "LiveDesk: %v.", err)
		return
	}
	_, err = desk.Ticket(ctx, absentTicket)
	r.judgeDesk(err, last)
	switch c.desk.uploadURL {
	case "off":
		r.add(bot.OK, "LiveDesk: files are not uploaded, tickets say so.")
	default:
		r.add(bot.OK, "LiveDesk: whether it takes files is not tried, since they could not be removed; if tickets come without their "+
			"files, ask LiveDesk for the address, or set LIVEDESK_UPLOAD_URL=off.")
	}
}

func (r *report) judgeDesk(err error, last *lastAnswer) {
	const address = "correct LIVEDESK_API_URL"
	refusal, _ := errors.AsType[*livedesk.Error](err)
	switch {
	case err == nil:
		r.add(bot.OK, "LiveDesk accepts the credentials.")
	case refusal.Status == 0:
		r.add(bot.Fault, "LiveDesk cannot be reached (%v): mend the network or %s.", refusal.Err, address)
	case errors.Is(err, livedesk.ErrUnauthorized):
		r.add(bot.Fault, "LiveDesk does not accept the credentials (status %d): copy LIVEDESK_API_KEY and LIVEDESK_API_SECRET again from "+
			"LiveDesk, and see that the pair is enabled for this project.", refusal.Status)
	case refusal.Status/100 == 3:
		r.add(bot.Fault, "LiveDesk's address sends us elsewhere (status %d), which would take the credentials along: set LIVEDESK_API_URL "+
			"to the final address.", refusal.Status)
	case errors.Is(err, livedesk.ErrRateLimited):
		r.add(bot.Warning, "LiveDesk takes no more requests for the moment, so the credentials could not be tried: run check again later, "+
			"and lower LIVEDESK_RATE if this goes on.")
	case refusal.Status/100 == 5:
		r.add(bot.Fault, "LiveDesk is out of order (status %d): tickets would wait; run check again later.", refusal.Status)
	case !last.json && refusal.Code == "", refusal.Kind == livedesk.Unknown:
		r.add(bot.Fault, "what answers there (status %d) is not LiveDesk's interface: %s.", refusal.Status, address)
	case refusal.Setup:
		r.add(bot.Fault, "LiveDesk does not know this address (status %d): %s.", refusal.Status, address)
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
