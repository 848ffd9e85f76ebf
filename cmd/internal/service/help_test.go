package service

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

func TestHelpListsEverySettingInTheOrderOfTheTable(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, exitOK, Run(t.Context(), []string{"help"}, from(nil), &out, &errs))
	require.Empty(t, errs.String())
	var named, explains []string
	for _, s := range documented(t) {
		named = append(named, s.name)
		if value, ok := s.unquoted(); ok && len(value) < 20 {
			require.Regexp(t, s.name+` +`+value+` `, out.String())
		}
	}
	for _, s := range explained {
		explains = append(explains, s.name)
	}
	require.Equal(t, named, explains)
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, len(line), 130)
	}
}

func TestCheckTellsWhatMattersFirstAndLooksAtEachChatOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, telegramtest.Options{})
	public := s.telegram.NewSupergroup("Office", telegramtest.Username("office"))
	id := strconv.FormatInt(public.ID, 10)
	s.env["STAFF_CHATS"] = id
	status, out := s.check(id, "-1", "-1")
	require.Equal(t, exitFailed, status)
	lines := strings.Split(out, "\n")
	require.Contains(t, lines[0], "FAULT    chat -1")
	require.Contains(t, lines[1], "warning  chat "+id+" is a staff chat and public as @office")
	require.True(t, slices.IsSortedFunc(lines[:len(lines)-1], func(x, y string) int {
		level := func(line string) int {
			return slices.Index([]string{"FAULT", "warning", "ok"}, strings.Fields(line)[0])
		}
		return level(x) - level(y)
	}), out)
	require.Equal(t, 1, strings.Count(out, "chat "+id+" ("))
}
