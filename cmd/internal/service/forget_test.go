package service

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

func TestRetentionIsInDaysOrGosUnits(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for value, want := range map[string]time.Duration{"": 365 * day, "1d": day, "90d": 90 * day, "720h": 30 * day, "0": 0, "0d": 0, "24h30m": day + 30*time.Minute} {
		c, err := read(enough("RETENTION", value))
		require.NoError(t, err, value)
		require.Equal(t, want, c.retention, value)
	}
	for want, value := range map[string]time.Duration{"365d": 365 * day, "24h30m0s": day + 30*time.Minute, "0, tickets are kept for ever": 0} {
		require.Equal(t, want, shownRetention(value))
	}
}

func TestForgetTakesTheIDOfOnePerson(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"forget", "forget alice", "forget 0", "forget -5", "forget 1 2", "forget 99999999999999999999"} {
		var stderr bytes.Buffer
		require.Equal(t, exitSettings, Run(t.Context(), strings.Fields(args), from(enough()), &bytes.Buffer{}, &stderr), args)
		require.Contains(t, stderr.String(), "usage")
	}
	var stderr bytes.Buffer
	require.Equal(t, exitSettings, Run(t.Context(), []string{"forget", "5"}, from(enough("RETENTION", "1h")), &bytes.Buffer{}, &stderr))
	require.Contains(t, stderr.String(), "RETENTION")
}

func TestForgetSaysWhatItRemovedAndWorksWithAPrivateDatabase(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	s.env["DATABASE_URL"] = ""
	parent, err := os.MkdirTemp("", "forget") // a test's own folder may not be entered by the server's account
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	require.NoError(t, os.Chmod(parent, 0o711))
	s.env["DATA_DIR"] = filepath.Join(parent, "data")
	status, out := s.run("forget", "5")
	require.Zero(t, status, out)
	require.Equal(t, "nothing is stored about this person\n", out)
}

func TestForgetWorksBesideARunningService(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	r := s.serve()
	require.Eventually(t, func() bool { code, _ := r.get("/readyz"); return r.address() != "" && code == 200 }, time.Minute, 10*time.Millisecond, r.logs)
	s.exec(`INSERT INTO tickets (telegram_ref, bot_id, chat_id, sender_id, sender_name, request, state)
		SELECT 'r' || n, ` + strings.SplitN(s.telegram.Token(), ":", 2)[0] + `, -7, 5, 'Alice', '{"title":"words"}', 'created' FROM generate_series(1, 1200) n`)
	status, out := s.run("forget", "5")
	require.Zero(t, status, out)
	require.Regexp(t, `(?m)^tickets: [0-9]+\nforgotten$`, out) // the service may have done a part of it
	require.Contains(t, out, "within a minute")
	s.exec(`DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM tickets WHERE sender_id <> 0 OR sender_name <> '' OR request::text <> '{}'); END $$`)
	r.end()
	require.Zero(t, <-r.done)
	status, out = s.run("forget", "5")
	require.Zero(t, status, out)
	require.NotContains(t, out, "tickets")
	s.exec(`DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM forgettings); END $$`)
}

// run runs the program with a command and returns its status and what it printed.
func (s *stage) run(args ...string) (int, string) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	status := Run(s.t.Context(), args, from(s.env), &stdout, &stderr)
	if status != 0 {
		s.t.Log(stderr.String())
	}
	return status, stdout.String()
}
