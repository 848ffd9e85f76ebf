// Package service is the program livedeskbot: its settings, its commands, and the wiring of bot, LiveDesk client and
// database. It is a package so that cmd/tryout runs the very same service. Start with Run.
package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"livedeskbot/bot"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
	"livedeskbot/storage/localpg"
)

// Exit statuses, as docs/settings.md has them.
const (
	exitOK       = 0
	exitFailed   = 1
	exitSettings = 2
)

// Run is the program without its process: it serves, or does what args say, until it is done or ctx ends, and returns the
// exit status. Settings are read with getenv.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	command := "serve"
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "version":
		fmt.Fprintln(stdout, version())
		return exitOK
	case "help", "-h", "-help", "--help":
		help(stdout)
		return exitOK
	case healthCommand:
		return healthcheck(ctx, getenv, stderr)
	}
	commands := map[string]func(context.Context, config, *slog.Logger, io.Writer) error{
		"serve": serve, "migrate": migrate, "check": check, "forget": forget,
	}
	do, ok := commands[command]
	ids, err := idArgs(command, args)
	if !ok || err != nil {
		fmt.Fprintln(stderr, usage)
		return exitSettings
	}
	c, err := readConfig(getenv)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitSettings
	}
	c.ids = ids
	if err := do(ctx, c, logger(c, stderr), stdout); err != nil {
		fmt.Fprintln(stderr, "livedeskbot:", err)
		return exitFailed
	}
	return exitOK
}

// idArgs reads what follows the command: chats after check, a person after forget, nothing after the others.
func idArgs(command string, args []string) ([]int64, error) {
	var ids []int64
	for _, arg := range args[min(1, len(args)):] {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	switch {
	case command == "forget" && (len(ids) != 1 || ids[0] <= 0):
		return nil, errors.New("not the id of one person")
	case command != "forget" && command != "check" && len(ids) > 0:
		return nil, errors.New("too many arguments")
	}
	return ids, nil
}

func logger(c config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel}
	if c.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// serve is the service.
func serve(ctx context.Context, c config, log *slog.Logger, _ io.Writer) error {
	db, err := openDatabase(ctx, c, log)
	if err != nil {
		return err
	}
	defer db.close()
	desk, err := livedesk.New(c.deskConfig())
	if err != nil {
		return err
	}
	b, err := bot.New(c.botConfig(), desk, db.store, log)
	if err != nil {
		return err
	}
	http, err := listen(c, b, log)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	// HTTP is first up and last down: probes get an answer while the database is awaited and while work in hand finishes.
	open, closeHTTP := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { return http.serve(open) })
	group.Go(func() error { return db.watch(ctx) })
	group.Go(func() error {
		defer closeHTTP()
		if err := migrateUntilDone(ctx, db.store, log); err != nil {
			return err
		}
		return b.Run(ctx)
	})
	return group.Wait()
}

// database is the store, and below it the private Postgres where there is one.
type database struct {
	store  *storage.Store
	server *localpg.Server
}

// openDatabase opens the database, starting a private one where no other is set.
func openDatabase(ctx context.Context, c config, log *slog.Logger) (d database, err error) {
	url := string(c.databaseURL)
	if url == "" {
		if d.server, err = localpg.Start(ctx, localpg.Config{Dir: c.dataDir}); err != nil {
			return database{}, err
		}
		log.Info("private Postgres is up", "folder", c.dataDir)
		url = d.server.URL()
	}
	if d.store, err = storage.Open(ctx, url); err != nil {
		d.close()
	}
	return d, err
}

// watch returns an error when the private Postgres ends before ctx.
func (d database) watch(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-d.server.Done():
		return fmt.Errorf("the private Postgres ended: %w", d.server.Err())
	}
}

func (d database) close() {
	if d.store != nil {
		d.store.Close()
	}
	if d.server != nil {
		_ = d.server.Close() // it stops when its last user has gone, also without a word
	}
}

// migrate brings the schema up to date.
func migrate(ctx context.Context, c config, log *slog.Logger, stdout io.Writer) error {
	db, err := openDatabase(ctx, c, log)
	if err != nil {
		return err
	}
	defer db.close()
	if err := storage.Migrate(ctx, db.store.Pool(), log); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the database schema is up to date")
	return nil
}

func (c config) deskConfig() livedesk.Config {
	return livedesk.Config{
		BaseURL: c.desk.url, UploadURL: c.desk.uploadURL, Key: string(c.desk.key), Secret: string(c.desk.secret),
		Timeout: c.desk.timeout,
	}
}

func (c config) botConfig() bot.Config {
	return bot.Config{
		Token: string(c.telegramToken), APIURL: c.telegramAPI,
		WebhookURL: c.telegramWebhook, WebhookSecret: string(c.telegramWebhookSecret),
		ChannelID: c.channelID, Teams: c.teams, CustomFields: c.customFields, ConsoleURL: c.consoleURL, Rate: c.desk.rate,
		StaffChats: c.staffChats, StaffMembers: c.staffMembers, Feeds: c.feeds, Chats: c.chats, NewChats: c.newChats, Private: c.private,
		PerMinute: c.ticketsPerMinute, Language: c.language,
		MaxFiles: c.maxFiles, Relay: c.relay, FollowUps: c.followUps, TrackEvery: c.trackInterval, DeskSecret: string(c.desk.webhookSecret),
		Retention: c.retention,
	}
}

// version says what was built from what.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "livedeskbot (unknown build)"
	}
	commit, dirty := "unknown commit", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = "commit " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " with changes"
		}
	}
	return fmt.Sprintf("livedeskbot %s, %s%s, %s", info.Main.Version, commit, dirty, info.GoVersion)
}

// migrateUntilDone waits for a database that is away: a service that starts beside its database must not care which
// of them is first.
func migrateUntilDone(ctx context.Context, store *storage.Store, log *slog.Logger) error {
	for {
		err := storage.Migrate(ctx, store.Pool(), log)
		if ctx.Err() != nil {
			return nil // whatever was cut short: the next start goes on with it
		}
		if err == nil || !storage.IsAway(err) {
			return err
		}
		log.Warn("waiting for the database", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}
